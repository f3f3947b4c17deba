"""Grooming runs: the same findings give the same proposals, and a killed run goes on."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from workshop import dirty_rows, open_workshop

from ostler.agents.graph import NODES
from ostler.agents.planner import DUPLICATES, LOOK_FOR
from ostler.core.actions import AskValues
from ostler.core.checks import AnyRule
from ostler.core.errors import InternalError
from ostler.core.experience import Experience
from ostler.core.items import Alert
from ostler.core.proposals import DryRun, Proposal
from ostler.core.runs import MOMENT
from ostler.core.states import ProposalState
from ostler.store.items import list_items
from ostler.store.runs import latest_runs
from ostler.tables.delta import table_of
from ostler.tools.registry import REGISTRY, Checks, Drafts, Mining, Surroundings, call
from ostler.tools.repair.miners import MINERS

ROOT = Path(__file__).parents[2]


def test_a_second_run_on_the_same_version_makes_no_new_proposal(tmp_path: Path) -> None:
    workshop = open_workshop(tmp_path / "here", dirty_rows())
    first, second = workshop.groom(), workshop.groom()
    assert first.waiting
    assert second.run != first.run
    assert (second.waiting, set(second.known)) == ((), set(first.waiting))
    assert {r.proposal.id for r in workshop.queue()} == set(first.waiting)


def test_the_same_table_in_another_workspace_gives_the_same_ids(tmp_path: Path) -> None:
    one = open_workshop(tmp_path / "one", dirty_rows()).groom()
    other = open_workshop(tmp_path / "other", dirty_rows()).groom()
    assert one.waiting == other.waiting


def test_every_proposal_is_proved_ranked_judged_and_has_an_item(tmp_path: Path) -> None:
    workshop = open_workshop(tmp_path / "here", dirty_rows())
    groomed = workshop.groom()
    with workshop.parts.store.reading() as session:
        items = {record.item.id for record in list_items(session)}
    for record in workshop.queue():
        proposal = record.proposal
        wanted = proposal.dry_run.effects[0]
        asks = isinstance(proposal.draft.action, AskValues)
        assert wanted.before > wanted.after or (asks and wanted.before == wanted.after)
        assert proposal.rank.parts
        assert proposal.verdict.rules == ("one-vote",)
        assert proposal.item in items
        assert proposal.run == groomed.run
        patch = workshop.parts.patches.get(proposal.patch.digest)
        assert patch.summary(0) == proposal.patch
    scores = [record.proposal.rank.score for record in workshop.queue()]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("node", NODES)
@pytest.mark.parametrize("when", ["enter", "leave"])
def test_a_run_that_was_killed_goes_on_and_ends_as_any_other(
    tmp_path: Path, when: str, node: str
) -> None:
    workshop = open_workshop(tmp_path / "here", dirty_rows())
    script = Path(__file__).with_name("dying_groomer.py")
    ended = subprocess.run(
        [sys.executable, script, workshop.parts.workspace.root, when, node],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert ended.returncode == -9, ended.stderr
    with workshop.parts.store.reading() as session:
        [killed] = latest_runs(session, 5)
    kept = {step.name: step.digest for step in killed.steps}
    assert killed.finished_at is None

    groomed = workshop.groom()
    assert groomed.run == killed.id
    steps = workshop.steps(groomed.run)
    assert set(steps) == {MOMENT, *NODES}
    assert kept.items() <= steps.items()
    undisturbed = open_workshop(tmp_path / "other", dirty_rows()).groom()
    parked = [record.proposal.id for record in workshop.queue()]
    assert sorted(parked) == sorted(undisturbed.waiting)


def test_an_alert_limits_a_run_to_what_it_names(tmp_path: Path) -> None:
    workshop = open_workshop(tmp_path / "here", dirty_rows())
    alert = Alert(id="A-1", dataset="people", source="ostler", summary="phones", columns=("phone",))
    groomed = workshop.groom(alert=alert)
    assert groomed.waiting
    for record in workshop.queue():
        assert "phone" in {*record.proposal.patch.columns, *asked(record.proposal)}
    again = workshop.groom(alert=alert)
    assert again.repeated
    assert again.run == groomed.run


def test_an_alert_that_no_check_confirms_opens_an_item_of_its_own(tmp_path: Path) -> None:
    workshop = open_workshop(tmp_path / "here", dirty_rows())
    alert = Alert(id="A-2", dataset="people", source="ostler", summary="it smells")
    workshop.groom(alert=alert)
    with workshop.parts.store.reading() as session:
        rules = [r.item.acceptance[0].check.rule for r in list_items(session)]
    assert [rule.alert for rule in rules if rule.kind == "reported"] == ["A-2"]


def test_a_protected_column_is_never_offered_for_a_vote(tmp_path: Path) -> None:
    workshop = open_workshop(tmp_path / "here", dirty_rows())
    contract = """\
apiVersion: v3.1.0
kind: DataContract
id: people
version: 1.0.0
status: active
schema:
  - name: people
    properties:
      - {name: city, logicalType: string}
      - {name: state, logicalType: string}
      - {name: phone, logicalType: string, classification: restricted}
"""
    groomed = workshop.groom(contract=contract)
    assert groomed.waiting
    for record in workshop.queue():
        assert record.state is ProposalState.PARKED
        assert "phone" not in {*record.proposal.patch.columns, *asked(record.proposal)}


def asked(proposal: Proposal) -> set[str]:
    """The columns that a question is about."""
    action = proposal.draft.action
    return {cell.column for cell in action.cells} if isinstance(action, AskValues) else set()


def test_the_planner_knows_every_rule_and_names_only_miners() -> None:
    from typing import get_args

    union = get_args(AnyRule)[0]
    kinds = {rule.model_fields["kind"].default for rule in get_args(union)}
    assert set(LOOK_FOR) == kinds
    named = {miner for miners in LOOK_FOR.values() for miner in miners}
    assert named == {*MINERS, DUPLICATES}


def test_only_registered_tools_can_be_called_and_only_as_declared(tmp_path: Path) -> None:
    workshop = open_workshop(tmp_path / "here", dirty_rows())
    dataset = workshop.parts.dataset("people")
    around = Surroundings(
        dataset=dataset,
        view=table_of(dataset).view(),
        others={},
        patches=workshop.parts.patches,
        now=workshop.groomer.clock(),
    )
    assert call("repair.mine", around, Mining(principles=tuple(MINERS)), Drafts).drafts
    with pytest.raises(InternalError, match="not a registered tool"):
        call("tables.publish", around, Experience(), Drafts)
    with pytest.raises(InternalError, match="takes"):
        call("repair.duplicates", around, Checks(checks=()), Drafts)
    with pytest.raises(InternalError, match="gives"):
        call("repair.duplicates", around, Experience(), DryRun)
    assert all(tool.version >= 1 and tool.summary for tool in REGISTRY.values())


def test_agents_and_tools_cannot_reach_what_writes_a_table() -> None:
    writers = {"ostler.tables.publishing", "ostler.tables.importing", "ostler.execution"}
    for room in ("agents", "tools"):
        for path in sorted((ROOT / "ostler" / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names: list[str] = []
                if isinstance(node, ast.Import):
                    names = [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom):
                    names = [node.module or ""]
                assert not [n for n in names if any(n.startswith(w) for w in writers)], path
