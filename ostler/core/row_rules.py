"""Rules that look at one row alone, beyond the plain ones of `checks`."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator
from typing_extensions import override

from ostler.core.formula import names_in
from ostler.core.formula_reading import Condition, read
from ostler.core.rule import Dimension, OneColumnRule, Rule


class RequiredIf(OneColumnRule):
    """The value is not missing in rows where a condition holds."""

    kind: Literal["required_if"] = "required_if"
    when: Condition

    @property
    @override
    def columns(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.column, *names_in(read(self.when)))))

    dimension: ClassVar[Dimension] = Dimension.COMPLETENESS


Length = Annotated[int, Field(ge=0, le=1_000_000_000)]


class LengthBetween(OneColumnRule):
    """Every text has so many characters (Unicode code points, as stored)."""

    kind: Literal["length"] = "length"
    minimum: Length | None = None
    maximum: Length | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.minimum is None and self.maximum is None:
            raise ValueError("length needs a minimum or a maximum")
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError("no length lies between these bounds")
        return self


FormatName = Literal[
    "email",
    "uri",
    "hostname",
    "uuid",
    "ipv4",
    "ipv6",
    "phone",
    "country",
    "country3",
    "currency",
    "language",
    "bic",
    "ean",
    "iban",
    "imei",
    "isbn",
    "isin",
    "issn",
    "lei",
    "luhn",
    "vat",
]


class Format(OneColumnRule):
    """Every value is written in a known form, its check digits included.

    `docs/rules.md` says what each name means; what is merely well formed need not exist.
    """

    kind: Literal["format"] = "format"
    format: FormatName


class Holds(Rule):
    """A condition over the columns of one row is not false; see `formula` for its language."""

    kind: Literal["condition"] = "condition"
    holds: Condition

    @property
    @override
    def columns(self) -> tuple[str, ...]:
        return names_in(read(self.holds))

    dimension: ClassVar[Dimension] = Dimension.CONSISTENCY
