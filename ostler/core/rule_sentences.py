"""One plain sentence for each rule, bounded in length.

Values from contracts and data are shortened but left raw: whoever renders a sentence makes them
harmless.
"""

from collections.abc import Callable
from typing import Any

from ostler.core.checks import (
    AcceptedValues,
    AnyRule,
    Dependency,
    Drift,
    ForeignKey,
    Freshness,
    NearDuplicates,
    NotNull,
    Pattern,
    Range,
    RejectedValues,
    Reported,
    RowCount,
    RowRule,
    TypeIs,
    Unique,
)
from ostler.core.phrases import LONGEST, NAME, a_name, shortened, some_columns, some_values
from ostler.core.row_rules import Format, Holds, LengthBetween, RequiredIf
from ostler.core.table_rules import Agreement, Balance, Fairness, Gaps, Schema, Total, Volume

_FORMULA = 120


def describe_rule(rule: AnyRule) -> str:
    """What must hold, in one sentence without its full stop."""
    return shortened(_RULES[rule.kind](rule), LONGEST)


def _not_null(rule: NotNull) -> str:
    return f"{a_name(rule.column)} has no missing value"


def _accepted_values(rule: AcceptedValues) -> str:
    return f"{a_name(rule.column)} is {some_values(rule.values, 'or')}"


def _rejected_values(rule: RejectedValues) -> str:
    return f"{a_name(rule.column)} is never {some_values(rule.values, 'or')}"


def _range(rule: Range) -> str:
    least, most = rule.minimum, rule.maximum
    if least is not None and most is not None:
        return f"{a_name(rule.column)} lies between {least:g} and {most:g}"
    bounds = [f"at least {least:g}"] if least is not None else []
    bounds += [f"at most {most:g}"] if most is not None else []
    return f"{a_name(rule.column)} is {bounds[0] if bounds else 'any number'}"


def _pattern(rule: Pattern) -> str:
    return f"{a_name(rule.column)} has the form {shortened(rule.regex, 2 * NAME)}"


def _type(rule: TypeIs) -> str:
    article = "an" if rule.type == "integer" else "a"
    return f"{a_name(rule.column)} can be read as {article} {rule.type}"


def _unique(rule: Unique) -> str:
    if len(rule.on) == 1:
        return f"{a_name(rule.on[0])} is unique"
    return f"{some_columns(rule.on)} together are unique"


def _row_count(rule: RowCount) -> str:
    bounds = [f"at least {rule.minimum:,}"] if rule.minimum is not None else []
    bounds += [f"at most {rule.maximum:,}"] if rule.maximum is not None else []
    return f"there are {' and '.join(bounds) or 'as many'} rows{'' if bounds else ' as usual'}"


def _freshness(rule: Freshness) -> str:
    return f"the newest {a_name(rule.column)} is at most {rule.max_age_hours:g} hours old"


def _dependency(rule: Dependency) -> str:
    decide = "decides" if len(rule.determinants) == 1 else "decide"
    return f"{some_columns(rule.determinants)} {decide} {a_name(rule.dependent)}"


def _foreign_key(rule: ForeignKey) -> str:
    occur = "occurs" if len(rule.on) == 1 else "occur"
    there = f"{a_name(rule.dataset)} as {some_columns(rule.references)}"
    return f"{some_columns(rule.on)} {occur} in {there}"


def _row_rule(rule: RowRule) -> str:
    return f"{a_name(rule.left)} {rule.operator} {a_name(rule.right)}"


def _near_duplicates(rule: NearDuplicates) -> str:
    return f"no two rows say nearly the same in {some_columns(rule.on)}"


def _drift(rule: Drift) -> str:
    statistic = {"psi": "PSI", "ks": "KS", "chi2": "chi²"}[rule.statistic]
    return (
        f"{a_name(rule.column)} is distributed as in version {rule.reference}"
        f" ({statistic} at most {rule.limit:g})"
    )


def _reported(rule: Reported) -> str:
    return f"what was reported is settled: '{shortened(rule.what, 2 * NAME)}'"


def _required_if(rule: RequiredIf) -> str:
    return f"{a_name(rule.column)} has no missing value where {shortened(rule.when, _FORMULA)}"


def _length(rule: LengthBetween) -> str:
    least, most = rule.minimum, rule.maximum
    if least == most and least is not None:
        return f"{a_name(rule.column)} has exactly {least:,} characters"
    bounds = [f"at least {least:,}"] if least is not None else []
    bounds += [f"at most {most:,}"] if most is not None else []
    return f"{a_name(rule.column)} has {' and '.join(bounds)} characters"


FORMATS: dict[str, str] = {
    "email": "an e-mail address",
    "uri": "a URI with its scheme",
    "hostname": "a host name",
    "uuid": "a UUID",
    "ipv4": "an IPv4 address",
    "ipv6": "an IPv6 address",
    "phone": "a telephone number in E.164 form",
    "country": "an ISO 3166 country code of two letters",
    "country3": "an ISO 3166 country code of three letters",
    "currency": "an ISO 4217 currency code",
    "language": "an ISO 639 language code",
    "bic": "a BIC (SWIFT code)",
    "ean": "an EAN or GTIN with a right check digit",
    "iban": "an IBAN with right check digits",
    "imei": "an IMEI with a right check digit",
    "isbn": "an ISBN with a right check digit",
    "isin": "an ISIN with a right check digit",
    "issn": "an ISSN with a right check digit",
    "lei": "an LEI with right check digits",
    "luhn": "a number with a right Luhn check digit",
    "vat": "a VAT number of the European Union",
}
"""What the values of each format are."""


def _format(rule: Format) -> str:
    return f"{a_name(rule.column)} is {FORMATS[rule.format]}"


def _condition(rule: Holds) -> str:
    return shortened(rule.holds, _FORMULA)


def _balance(rule: Balance) -> str:
    each = f" for each {some_columns(rule.by)}" if rule.by else ""
    return f"the totals of {a_name(rule.left)} and {a_name(rule.right)} are equal{each}"


def _total(rule: Total) -> str:
    each = f" for each {some_columns(rule.by)}" if rule.by else ""
    return (
        f"the total of {a_name(rule.column)} is that of {a_name(rule.equals)}"
        f" in {a_name(rule.dataset)}{each}"
    )


def _agreement(rule: Agreement) -> str:
    return (
        f"{a_name(rule.column)} is what {a_name(rule.dataset)} has as {a_name(rule.equals)}"
        f" for the same {some_columns(rule.on)}"
    )


def _volume(rule: Volume) -> str:
    bounds = [f"at least {rule.minimum:,}"] if rule.minimum is not None else []
    bounds += [f"at most {rule.maximum:,}"] if rule.maximum is not None else []
    return f"each {rule.every} of {a_name(rule.column)} has {' and '.join(bounds)} rows"


def _gaps(rule: Gaps) -> str:
    each = f" for each {some_columns(rule.by)}" if rule.by else ""
    return f"{a_name(rule.column)} has no gap of more than {rule.every_hours:g} hours{each}"


def _schema(rule: Schema) -> str:
    extra = " and no others" if rule.extra == "refused" else ""
    columns = f"{len(rule.declared):,} column{'' if len(rule.declared) == 1 else 's'}"
    return f"the table has the {columns} of the contract{extra}"


def _fairness(rule: Fairness) -> str:
    words = {"difference": "differ by at most", "ratio": "have a ratio of at least"}
    return (
        f"shares of {shortened(rule.outcome, _FORMULA // 2)} {words[rule.measure]} {rule.limit:g}"
        f" between groups of {a_name(rule.column)}"
    )


# Any: each function takes its own kind of rule, and the kind is the key.
_RULES: dict[str, Callable[[Any], str]] = {
    "not_null": _not_null,
    "accepted_values": _accepted_values,
    "rejected_values": _rejected_values,
    "range": _range,
    "pattern": _pattern,
    "type": _type,
    "unique": _unique,
    "row_count": _row_count,
    "freshness": _freshness,
    "dependency": _dependency,
    "foreign_key": _foreign_key,
    "row_rule": _row_rule,
    "near_duplicates": _near_duplicates,
    "drift": _drift,
    "reported": _reported,
    "required_if": _required_if,
    "length": _length,
    "format": _format,
    "condition": _condition,
    "balance": _balance,
    "total": _total,
    "agreement": _agreement,
    "volume": _volume,
    "gaps": _gaps,
    "schema": _schema,
    "fairness": _fairness,
}
