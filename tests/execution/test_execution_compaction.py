"""Compaction meets a publish: whoever is second begins again, and no row is lost or doubled."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from deltalake import DeltaTable
from workbench import Workbench, hooked, outsider_adds, outsider_compacts

from ostler.cli.opening import now
from ostler.core.proposals import Proposal
from ostler.core.states import ProposalState
from ostler.execution.worker import work_once
from ostler.tables.compacting import Compacted
from ostler.tables.layout import layout_of
from ostler.tables.preparing import rewritten
from ostler.tables.stage import Stage, open_stage


def scattered(bench: Workbench) -> None:
    """The table in several small files."""
    outsider_adds(bench.table, ("Fay", "Rome", "fay@example.org"))
    outsider_adds(bench.table, ("Gus", "Riga", "gus@example.org"))


def ours(bench: Workbench) -> None:
    bench.compact()


def theirs(bench: Workbench) -> None:
    outsider_compacts(bench.table)


def appended(bench: Workbench) -> None:
    outsider_adds(bench.table, ("Hal", "Oslo", "hal@example.org"))


@pytest.mark.parametrize("by", [ours, theirs])
@pytest.mark.parametrize("step", ["verify", "prepare", "commit"])
def test_a_publish_that_was_staged_before_a_compaction_stages_again(
    bench: Workbench, by: Callable[[Workbench], None], step: str
) -> None:
    scattered(bench)
    made = bench.approved(("2", "city", "Lisbxn", "Lisbon"))
    wanted = bench.digest_with(made)
    met: list[str] = []

    def once() -> None:
        if not met:
            met.append(step)
            by(bench)

    work_once(hooked(bench.context, **{step: once}))
    assert met
    assert bench.state(made) is ProposalState.PUBLISHED
    assert bench.digest == wanted
    assert bench.commits(made) == 1
    assert bench.loose_files() == []
    assert bench.faults() == ()


def test_an_append_while_the_commit_is_on_its_way_needs_no_second_stage(bench: Workbench) -> None:
    made = bench.approved(("2", "city", "Lisbxn", "Lisbon"))
    staged: list[str] = []

    def count() -> None:
        staged.append("once")

    work_once(hooked(bench.context, stage=count, commit=lambda: appended(bench)))
    assert staged == ["once"]
    assert bench.column("city")[1] == "Lisbon"
    assert len(bench.column("city")) == 6
    assert bench.commits(made) == 1


def test_a_compaction_that_a_publish_overtakes_begins_again(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    scattered(bench)
    made = bench.approved(("2", "city", "Lisbxn", "Lisbon"))
    wanted = bench.digest_with(made)
    plain = Stage.view_of
    met: list[Proposal] = []

    def overtaken(self: Stage, *args: object) -> object:
        if not met:
            met.append(made)
            work_once(bench.context)
        return plain(self, *args)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(Stage, "view_of", overtaken)
    result = bench.compact()
    assert met
    assert result.files_after == 1
    assert bench.digest == wanted
    assert bench.state(made) is ProposalState.PUBLISHED
    assert bench.loose_files() == []
    assert bench.faults() == ()


def test_compaction_is_no_data_that_comes_in(bench: Workbench) -> None:
    scattered(bench)
    before, reference = bench.digest, bench.table.reference
    assert bench.compact() == Compacted(version=3, files_before=3, files_after=1)
    assert (bench.digest, bench.table.reference) == (before, reference)
    assert bench.compact() == Compacted(version=3, files_before=1, files_after=1)
    assert DeltaTable(bench.table.uri).to_pyarrow_table().num_rows == 7
    assert bench.faults() == ()


def test_gc_leaves_alone_what_somebody_is_about_to_commit(bench: Workbench) -> None:
    """Compaction, revocation and the mirror of a PostgreSQL table write without any claim."""
    scattered(bench)
    stage = open_stage(bench.table)
    written = rewritten(stage, [list(layout_of(stage.handle).files)])

    bench.gc()
    assert len(bench.loose_files()) == len(written.added) == 1

    bench.gc(at=now() + timedelta(days=1))
    assert bench.loose_files() == []
