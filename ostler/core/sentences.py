"""One plain sentence for each action, bounded in length; those of rules are beside it.

Values from data are shortened but left raw: whoever renders a sentence makes them harmless.
"""

from collections.abc import Callable
from typing import Any

from ostler.core.actions import (
    ActivateDocument,
    AddColumn,
    AgreeWithColumns,
    AnyAction,
    AskValues,
    CastColumn,
    ConvertUnit,
    Correct,
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
from ostler.core.documents import called
from ostler.core.phrases import LONGEST as LONGEST
from ostler.core.phrases import (
    VALUE,
    a_name,
    a_value,
    listed,
    some_columns,
    some_values,
)
from ostler.core.phrases import shortened as shortened
from ostler.core.rule_sentences import describe_rule as describe_rule


def describe(action: AnyAction) -> str:
    """What an action does, in one sentence without its full stop."""
    return shortened(_ACTIONS[action.kind](action), LONGEST)


def _replace_values(action: ReplaceValues) -> str:
    if all(replacement.new is None for replacement in action.mapping):
        old = some_values([replacement.old for replacement in action.mapping])
        return f"Set {old} in {a_name(action.column)} to missing"
    pairs = [f"{a_value(r.old)} by {a_value(r.new)}" for r in action.mapping]
    return f"Replace {listed(pairs, 'values')} in {a_name(action.column)}"


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
    sentence = _FORMS[action.form].replace("{}", a_name(action.column))
    return sentence + (_ORDERS[action.date_order] if action.date_order else "")


def _convert_unit(action: ConvertUnit) -> str:
    bounds = [f"above {action.above:g}"] if action.above is not None else []
    bounds += [f"below {action.below:g}"] if action.below is not None else []
    which = f" {' and '.join(bounds)}" if bounds else ""
    return f"Multiply the numbers in {a_name(action.column)}{which} by {action.factor:g}"


def _agree_with_columns(action: AgreeWithColumns) -> str:
    first, *others = action.targets
    if others:
        columns = some_columns([target.column for target in action.targets])
        return f"Bring {columns} in line with the columns that decide them"
    same = some_columns(first.determinants, "or")
    return f"Set {a_name(first.column)} to what the rows with the same {same} say"


def _split_suffix(action: SplitSuffix) -> str:
    column, into = a_name(action.column), a_name(action.into)
    suffixes = some_values(action.suffixes)
    return f"Move {suffixes} from the end of {column} to {into} where that is missing"


def _delete_duplicates(action: DeleteDuplicates) -> str:
    return f"Delete the rows that repeat an earlier one in {some_columns(action.on)}"


def _delete_rows(action: DeleteRows) -> str:
    if len(action.rows) == 1:
        doomed, kept = (shortened(row, VALUE) for row in action.rows[0])
        return f"Delete row {doomed}, a near copy of row {kept}"
    return f"Delete {len(action.rows):,} rows, each a near copy of another one"


def _set_cells(action: SetCells) -> str:
    if len(action.cells) == 1:
        row, column, cell = action.cells[0]
        return f"Set {a_name(column)} in row {shortened(row, VALUE)} to {a_value(cell)}"
    columns = sorted({column for _, column, _ in action.cells})
    return f"Set {len(action.cells):,} cells in {some_columns(columns)}"


def _correct(action: Correct) -> str:
    columns = sorted({one.column for one in action.corrections})
    return f"Correct {some_columns(columns)}: {action.rule}"


def _ask_values(action: AskValues) -> str:
    columns = sorted({cell.column for cell in action.cells})
    if len(action.cells) == 1:
        return f"Question: what should this cell of {some_columns(columns)} say?"
    return f"Question: what should these {len(action.cells)} cells of {some_columns(columns)} say?"


def _revert(action: Revert) -> str:
    if action.remaining:
        return f"Undo {a_name(action.proposal)} where nothing has changed since"
    if action.proposals:
        later = len(action.proposals)
        others = "the later change" if later == 1 else f"the {later:,} later changes"
        return f"Undo {a_name(action.proposal)} and {others} on its cells"
    return f"Undo {a_name(action.proposal)}"


def _restore(action: Restore) -> str:
    return f"Turn the table back into version {action.version}"


def _publish_contract(action: PublishContract) -> str:
    again = f", which takes {a_name(action.takes_back)} back" if action.takes_back else ""
    return f"Publish version {a_name(action.version)} of the contract{again}"


def _activate_document(action: ActivateDocument) -> str:
    again = f", which takes {a_name(action.takes_back)} back" if action.takes_back else ""
    what = called(action.document, a_name(action.name))
    return f"Put version {action.version:,} of {what} in force{again}"


def _rename_column(action: RenameColumn) -> str:
    return f"Rename column {a_name(action.column)} to {a_name(action.to)}"


_ON_LOSS = {
    "refuse": "",
    "null": ", missing where it cannot be converted",
    "keep": ", and keep what it loses in {}",
}


def _cast_column(action: CastColumn) -> str:
    lost = _ON_LOSS[action.on_loss].replace("{}", a_name(action.keep_in))
    return f"Store column {a_name(action.column)} as {action.to.lower()}{lost}"


def _add_column(action: AddColumn) -> str:
    filled = f", {a_value(action.default)} in every row" if action.default is not None else ""
    return f"Add column {a_name(action.column)} ({action.type.lower()}){filled}"


def _drop_column(action: DropColumn) -> str:
    return f"Drop column {a_name(action.column)}; its values are kept in the patch"


def _split_column(action: SplitColumn) -> str:
    into = some_columns(action.into)
    return f"Split column {a_name(action.column)} at {a_value(action.separator)} into {into}"


def _merge_columns(action: MergeColumns) -> str:
    columns, into = some_columns(action.columns), a_name(action.into)
    return f"Merge columns {columns} with {a_value(action.separator)} into {into}"


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
    "correct": _correct,
    "ask_values": _ask_values,
    "revert": _revert,
    "restore": _restore,
    "publish_contract": _publish_contract,
    "activate_document": _activate_document,
    "rename_column": _rename_column,
    "cast_column": _cast_column,
    "add_column": _add_column,
    "drop_column": _drop_column,
    "split_column": _split_column,
    "merge_columns": _merge_columns,
}
