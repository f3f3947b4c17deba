"""One plain sentence for each action and each rule, bounded in length.

Values from data are shortened but left raw: whoever renders a sentence makes them harmless.
"""

from collections.abc import Callable, Sequence
from typing import Any

from ostler.core.actions import (
    AddColumn,
    AgreeWithColumns,
    AnyAction,
    CastColumn,
    ConvertUnit,
    DeleteDuplicates,
    DeleteRows,
    DropColumn,
    MergeColumns,
    PublishContract,
    Reformat,
    RenameColumn,
    ReplaceValues,
    Restore,
    Revert,
    SetCells,
    SplitColumn,
    SplitSuffix,
)
from ostler.core.base import Cell
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

LONGEST = 200
"""No sentence is longer, in characters."""

_VALUE = 24
_NAME = 32
_SHOWN = 3


def describe(action: AnyAction) -> str:
    """What an action does, in one sentence without its full stop."""
    return shortened(_ACTIONS[action.kind](action), LONGEST)


def describe_rule(rule: AnyRule) -> str:
    """What must hold, in one sentence without its full stop."""
    return shortened(_RULES[rule.kind](rule), LONGEST)


def shortened(text: str, longest: int) -> str:
    """A text, cut with an ellipsis where it is too long."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _value(cell: Cell) -> str:
    return "missing" if cell is None else f"'{shortened(cell, _VALUE)}'"


def _name(column: str) -> str:
    return shortened(column, _NAME)


def _listed(parts: Sequence[str], what: str, joint: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`, or `a, b, c and 7 more columns`."""
    if len(parts) > _SHOWN + 1:
        shown = ", ".join(parts[:_SHOWN])
        return f"{shown} {joint} {len(parts) - _SHOWN:,} more {what}"
    return f" {joint} ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def _columns(columns: Sequence[str], joint: str = "and") -> str:
    return _listed([_name(column) for column in columns], "columns", joint)


def _values(values: Sequence[Cell], joint: str = "and") -> str:
    return _listed([_value(value) for value in values], "values", joint)


def _replace_values(action: ReplaceValues) -> str:
    if all(replacement.new is None for replacement in action.mapping):
        old = _values([replacement.old for replacement in action.mapping])
        return f"Set {old} in {_name(action.column)} to missing"
    pairs = [f"{_value(r.old)} by {_value(r.new)}" for r in action.mapping]
    return f"Replace {_listed(pairs, 'values')} in {_name(action.column)}"


_FORMS = {
    "trim": "Remove needless blanks in {}",
    "number": "Write {} as plain numbers",
    "strip_unit": "Write {} as plain numbers without the unit or sign behind them",
    "iso_date": "Write the dates in {} as YYYY-MM-DD",
    "lower": "Write {} in lower case",
    "upper": "Write {} in capitals",
    "title": "Write {} with a capital at the start of each word",
}
_ORDERS = {
    "dmy": ", reading the day first",
    "mdy": ", reading the month first",
    "ymd": ", reading the year first",
}


def _reformat(action: Reformat) -> str:
    # Not str.format: a column's name may hold braces.
    sentence = _FORMS[action.form].replace("{}", _name(action.column))
    return sentence + (_ORDERS[action.date_order] if action.date_order else "")


def _convert_unit(action: ConvertUnit) -> str:
    bounds = [f"above {action.above:g}"] if action.above is not None else []
    bounds += [f"below {action.below:g}"] if action.below is not None else []
    which = f" {' and '.join(bounds)}" if bounds else ""
    return f"Multiply the numbers in {_name(action.column)}{which} by {action.factor:g}"


def _agree_with_columns(action: AgreeWithColumns) -> str:
    first, *others = action.targets
    if others:
        columns = _columns([target.column for target in action.targets])
        return f"Bring {columns} in line with the columns that decide them"
    same = _columns(first.determinants, "or")
    return f"Set {_name(first.column)} to what the rows with the same {same} say"


def _split_suffix(action: SplitSuffix) -> str:
    column, into = _name(action.column), _name(action.into)
    suffixes = _values(action.suffixes)
    return f"Move {suffixes} from the end of {column} to {into} where that is missing"


def _delete_duplicates(action: DeleteDuplicates) -> str:
    return f"Delete the rows that repeat an earlier one in {_columns(action.on)}"


def _delete_rows(action: DeleteRows) -> str:
    if len(action.rows) == 1:
        doomed, kept = (shortened(row, _VALUE) for row in action.rows[0])
        return f"Delete row {doomed}, a near copy of row {kept}"
    return f"Delete {len(action.rows):,} rows, each a near copy of another one"


def _set_cells(action: SetCells) -> str:
    if len(action.cells) == 1:
        row, column, cell = action.cells[0]
        return f"Set {_name(column)} in row {shortened(row, _VALUE)} to {_value(cell)}"
    columns = sorted({column for _, column, _ in action.cells})
    return f"Set {len(action.cells):,} cells in {_columns(columns)}"


def _revert(action: Revert) -> str:
    if action.remaining:
        return f"Undo {_name(action.proposal)} where nothing has changed since"
    if action.proposals:
        later = len(action.proposals)
        others = "the later change" if later == 1 else f"the {later:,} later changes"
        return f"Undo {_name(action.proposal)} and {others} on its cells"
    return f"Undo {_name(action.proposal)}"


def _restore(action: Restore) -> str:
    return f"Turn the table back into version {action.version}"


def _publish_contract(action: PublishContract) -> str:
    again = f", which takes {_name(action.takes_back)} back" if action.takes_back else ""
    return f"Publish version {_name(action.version)} of the contract{again}"


def _rename_column(action: RenameColumn) -> str:
    return f"Rename column {_name(action.column)} to {_name(action.to)}"


_ON_LOSS = {
    "refuse": "",
    "null": ", missing where it cannot be converted",
    "keep": ", and keep what it loses in {}",
}


def _cast_column(action: CastColumn) -> str:
    lost = _ON_LOSS[action.on_loss].replace("{}", _name(action.keep_in))
    return f"Store column {_name(action.column)} as {action.to.lower()}{lost}"


def _add_column(action: AddColumn) -> str:
    filled = f", {_value(action.default)} in every row" if action.default is not None else ""
    return f"Add column {_name(action.column)} ({action.type.lower()}){filled}"


def _drop_column(action: DropColumn) -> str:
    return f"Drop column {_name(action.column)}; its values are kept in the patch"


def _split_column(action: SplitColumn) -> str:
    into = _columns(action.into)
    return f"Split column {_name(action.column)} at {_value(action.separator)} into {into}"


def _merge_columns(action: MergeColumns) -> str:
    columns, into = _columns(action.columns), _name(action.into)
    return f"Merge columns {columns} with {_value(action.separator)} into {into}"


def _not_null(rule: NotNull) -> str:
    return f"{_name(rule.column)} has no missing value"


def _accepted_values(rule: AcceptedValues) -> str:
    return f"{_name(rule.column)} is {_values(rule.values, 'or')}"


def _rejected_values(rule: RejectedValues) -> str:
    return f"{_name(rule.column)} is never {_values(rule.values, 'or')}"


def _range(rule: Range) -> str:
    least, most = rule.minimum, rule.maximum
    if least is not None and most is not None:
        return f"{_name(rule.column)} lies between {least:g} and {most:g}"
    bounds = [f"at least {least:g}"] if least is not None else []
    bounds += [f"at most {most:g}"] if most is not None else []
    return f"{_name(rule.column)} is {bounds[0] if bounds else 'any number'}"


def _pattern(rule: Pattern) -> str:
    return f"{_name(rule.column)} has the form {shortened(rule.regex, 2 * _NAME)}"


def _type(rule: TypeIs) -> str:
    article = "an" if rule.type == "integer" else "a"
    return f"{_name(rule.column)} can be read as {article} {rule.type}"


def _unique(rule: Unique) -> str:
    if len(rule.on) == 1:
        return f"{_name(rule.on[0])} is unique"
    return f"{_columns(rule.on)} together are unique"


def _row_count(rule: RowCount) -> str:
    bounds = [f"at least {rule.minimum:,}"] if rule.minimum is not None else []
    bounds += [f"at most {rule.maximum:,}"] if rule.maximum is not None else []
    return f"there are {' and '.join(bounds) or 'any number of'} rows"


def _freshness(rule: Freshness) -> str:
    return f"the newest {_name(rule.column)} is at most {rule.max_age_hours:g} hours old"


def _dependency(rule: Dependency) -> str:
    decide = "decides" if len(rule.determinants) == 1 else "decide"
    return f"{_columns(rule.determinants)} {decide} {_name(rule.dependent)}"


def _foreign_key(rule: ForeignKey) -> str:
    occur = "occurs" if len(rule.on) == 1 else "occur"
    return f"{_columns(rule.on)} {occur} in {_name(rule.dataset)} as {_columns(rule.references)}"


def _row_rule(rule: RowRule) -> str:
    return f"{_name(rule.left)} {rule.operator} {_name(rule.right)}"


def _near_duplicates(rule: NearDuplicates) -> str:
    return f"no two rows say nearly the same in {_columns(rule.on)}"


def _drift(rule: Drift) -> str:
    statistic = {"psi": "PSI", "ks": "KS", "chi2": "chi²"}[rule.statistic]
    return (
        f"{_name(rule.column)} is distributed as in version {rule.reference}"
        f" ({statistic} at most {rule.limit:g})"
    )


def _reported(rule: Reported) -> str:
    return f"what was reported is settled: '{shortened(rule.what, 2 * _NAME)}'"


# Any: each function takes its own kind of action or rule, and the kind is the key.
_ACTIONS: dict[str, Callable[[Any], str]] = {
    "replace_values": _replace_values,
    "reformat": _reformat,
    "convert_unit": _convert_unit,
    "agree_with_columns": _agree_with_columns,
    "split_suffix": _split_suffix,
    "delete_duplicates": _delete_duplicates,
    "delete_rows": _delete_rows,
    "set_cells": _set_cells,
    "revert": _revert,
    "restore": _restore,
    "publish_contract": _publish_contract,
    "rename_column": _rename_column,
    "cast_column": _cast_column,
    "add_column": _add_column,
    "drop_column": _drop_column,
    "split_column": _split_column,
    "merge_columns": _merge_columns,
}
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
}
