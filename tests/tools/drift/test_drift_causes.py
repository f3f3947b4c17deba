"""What drift looks like is told where it was planted, and nothing is told where nothing was."""

from pathlib import Path

import numpy as np
import pytest
from drifting_tables import (
    Batch,
    Change,
    after_the_world_changed,
    from_a_new_site,
    in_cents,
    in_fahrenheit,
    table_with,
    with_a_default,
    with_holes,
)

from ostler.core.errors import BadInput
from ostler.tools.drift.report import ColumnDrift, DriftReport, drift_report


def report_of(folder: Path, change: Change | None, seed: int, *, anew: bool) -> DriftReport:
    table = table_with(folder, change, seed=seed, anew=anew)
    return drift_report(table, table.view(), 0)


def found(report: DriftReport) -> dict[str, ColumnDrift]:
    return {one.column: one for one in report.columns if one.drifted and not one.segment}


@pytest.mark.parametrize("anew", [False, True])
@pytest.mark.parametrize(
    ("change", "column", "cause"),
    [
        (in_cents, "amount", "unit"),
        (in_fahrenheit, "temperature", "unit"),
        (from_a_new_site, "amount", "source"),
        (from_a_new_site, "site", "source"),
        (with_a_default, "quantity", "default"),
        (with_holes, "kind", "default"),
        (after_the_world_changed, "amount", "world"),
    ],
)
def test_a_planted_cause_is_told_with_its_version(
    tmp_path: Path, change: Change, column: str, cause: str, anew: bool
) -> None:
    for seed in (1, 2):
        drifted = found(report_of(tmp_path / f"{seed}", change, seed, anew=anew))
        assert set(drifted) <= ({"amount", "site"} if change is from_a_new_site else {column})
        one = drifted[column]
        assert one.cause is not None and one.cause.kind == cause, one.why
        assert one.since == 2
        assert all(sentence and "\n" not in sentence for sentence in one.why)


def test_the_sentences_carry_the_evidence(tmp_path: Path) -> None:
    (cents,) = found(report_of(tmp_path / "c", in_cents, 1, anew=False)).values()
    assert cents.cause is not None and cents.cause.evidence["factor"] == 100
    assert "times 100 (KS" in cents.cause.sentence
    (warm,) = found(report_of(tmp_path / "f", in_fahrenheit, 1, anew=False)).values()
    assert "times 1.8 plus 32" in warm.why[-1]
    new = found(report_of(tmp_path / "s", from_a_new_site, 1, anew=False))["amount"]
    assert new.carried_by is not None
    assert (new.carried_by.column, new.carried_by.value) == ("site", "new")
    assert "rows where 'site' is 'new'" in new.why[-1]


def test_unchanged_tables_raise_no_alarm(tmp_path: Path) -> None:
    for seed in range(10, 22):
        for anew in (False, True):
            report = report_of(tmp_path / f"{seed}{anew}", None, seed, anew=anew)
            assert not report.drifted, (seed, anew, found(report))


def test_two_columns_that_part_ways_are_seen_together_only(tmp_path: Path) -> None:
    def tied(rows: Batch, random: np.random.Generator) -> None:
        rows["quantity"][np.argsort(rows["temperature"])] = np.sort(rows["quantity"])

    table = table_with(tmp_path, tied, rows=3000, anew=True)
    report = drift_report(table, table.view(), 0, columns=["temperature", "quantity", "amount"])
    assert not found(report)
    assert report.together is not None and report.together.drifted
    assert {name for name, share in report.together.columns[:2]} == {"temperature", "quantity"}
    again = drift_report(table, table.view(), 0, columns=["temperature", "quantity", "amount"])
    assert again == report


def test_a_segment_is_looked_at_by_itself(tmp_path: Path) -> None:
    def only_in_b(rows: Batch, random: np.random.Generator) -> None:
        rows["temperature"][rows["site"] == "b"] += 4

    table = table_with(tmp_path, only_in_b, anew=True)
    report = drift_report(table, table.view(), 0, by="site", columns=["temperature", "site"])
    segments = {one.segment.value: one.drifted for one in report.columns if one.segment}
    assert segments == {"a": False, "b": True, "c": False}
    whole = found(report)["temperature"]
    assert whole.carried_by is not None and whole.carried_by.value == "b"


def test_of_a_masked_column_no_value_is_told(tmp_path: Path) -> None:
    table = table_with(tmp_path, from_a_new_site)
    classes = {"site": "personal", "kind": "internal"}
    report = drift_report(table, table.view(), 0, classes=classes)
    drifted = found(report)
    assert set(drifted) == {"site", "amount"}
    assert drifted["site"].cause is None and drifted["amount"].carried_by is None
    assert "new" not in "".join(drifted["site"].why) and "classified" in drifted["site"].why[0]
    with pytest.raises(BadInput, match="personal"):
        drift_report(table, table.view(), 0, by="site", classes=classes)
