"""Which columns an action reads for what it writes."""

import pytest

from ostler.core.actions import (
    AgreeWithColumns,
    AnyAction,
    CastColumn,
    Consensus,
    DeleteDuplicates,
    DropColumn,
    MergeColumns,
    Reformat,
    RenameColumn,
    SplitColumn,
    SplitSuffix,
)
from ostler.tools.lineage.columns import Reads, reads_of


@pytest.mark.parametrize(
    ("action", "reads"),
    [
        (Reformat(column="a", form="trim"), Reads()),
        (
            AgreeWithColumns(targets=(Consensus(column="city", determinants=("zip", "area")),)),
            Reads({"city": ("city", "zip", "area")}),
        ),
        (SplitSuffix(column="a", into="b", suffixes=("OR",)), Reads({"b": ("b", "a")})),
        (DeleteDuplicates(on=("a", "b")), Reads(rows=("a", "b"))),
        (RenameColumn(column="a", to="b"), Reads({"b": ("a",)})),
        (CastColumn(column="a", to="INTEGER"), Reads()),
        (
            CastColumn(column="a", to="INTEGER", on_loss="keep", keep_in="a_text"),
            Reads({"a_text": ("a",)}),
        ),
        (
            SplitColumn(column="a", into=("b", "c"), separator=" "),
            Reads({"b": ("a",), "c": ("a",)}),
        ),
        (MergeColumns(columns=("a", "b"), into="c", separator=" "), Reads({"c": ("a", "b")})),
        (DropColumn(column="a"), Reads()),
    ],
    ids=lambda part: part.kind if hasattr(part, "kind") else "",
)
def test_what_is_read(action: AnyAction, reads: Reads) -> None:
    assert reads_of(action) == reads
