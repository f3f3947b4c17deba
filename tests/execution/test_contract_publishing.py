"""Contracts through the gate: proposed, voted on, in force exactly once, taken back, verified."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from state_database import StateDatabase
from workbench import Workbench, hooked

from ostler.cli.opening import now
from ostler.core.actions import RenameColumn
from ostler.core.canonical import digest_bytes
from ostler.core.errors import BadInput, Conflict
from ostler.core.proposals import Proposal
from ostler.core.states import ItemState, ProposalState
from ostler.execution import schema_changes
from ostler.execution.contract_changes import Asked, request_contract
from ostler.execution.relay.destinations import cloud_event
from ostler.execution.reverting import request_revert
from ostler.execution.revoking import revoke
from ostler.execution.worker import work_once
from ostler.policies.requests import Principal, question_of
from ostler.store import items, outbox, registry
from ostler.tui.card import Shown, card_lines

S = ProposalState
PERSON = Principal(kind="person", name="ana")

CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: people
schema:
  - name: people
    properties:
      - {name: name, logicalType: string, required: true}
      - {name: city, logicalType: string}
"""
STRICT = CONTRACT.replace("city, logicalType: string", "city, logicalType: string, unique: true")
BY_LINE = CONTRACT.replace("{name: city, logicalType: string}", "name: city")


def file(bench: Workbench, text: str | None = None) -> Path:
    path = bench.parts.workspace.contract("people")
    if text is not None:
        path.write_text(text, encoding="utf-8")
    return path


def ask(bench: Workbench, text: str, **more: object) -> Proposal:
    asked = replace(Asked(text=text, source="the file", copy=digest_bytes(text.encode())), **more)
    return request_contract(bench.context, "people", asked, PERSON)


def publish(bench: Workbench, text: str, **more: object) -> Proposal:
    proposal = ask(bench, text, **more)
    bench.vote(proposal)
    work_once(bench.context)
    assert bench.state(proposal) is S.PUBLISHED, bench.reason(proposal)
    return proposal


def versions(bench: Workbench) -> list[str]:
    with bench.parts.store.reading() as session:
        return [one.version for one in registry.versions(session, "people")]


def revert(bench: Workbench, proposal: Proposal) -> Proposal:
    record = bench.parts.desk.card(proposal.id).record
    inverse = request_revert(bench.context, record, PERSON)
    bench.vote(inverse)
    work_once(bench.context)
    return inverse


def test_a_contract_is_in_force_when_people_said_so_and_not_before(bench: Workbench) -> None:
    path, before = file(bench, CONTRACT), bench.table.version
    proposal = ask(bench, CONTRACT)
    assert [line.id for line in bench.parts.desk.queue()] == [proposal.id]
    asked = question_of(proposal.verdict)
    assert (asked.track, asked.action_kind) == ("capability", "publish_contract")
    assert work_once(bench.context) == ()
    assert versions(bench) == []
    bench.vote(proposal)
    work_once(bench.context)
    assert versions(bench) == ["1.0.0"]
    assert bench.item_state(proposal) is ItemState.DONE
    assert "version: 1.0.0" in path.read_text(encoding="utf-8")
    # An edit of the file is a wish, and what is published counts.
    path.write_text(STRICT, encoding="utf-8")
    contract = bench.parts.contract("people")
    assert contract is not None
    assert "unique" not in {check.rule.kind for check in contract.checks}
    assert "not the published version 1.0.0" in bench.parts.unpublished("people")
    publish(bench, STRICT)
    assert versions(bench) == ["1.0.0", "1.1.0"]
    assert bench.parts.unpublished("people") == ""
    assert bench.table.version == before
    assert bench.faults() == ()
    with bench.parts.store.reading() as session:
        told = [
            json.loads(cloud_event(session, event, "urn:ostler:ws"))["data"]
            for event in outbox.unrouted(session, 100)
            if event.kind == "contract.published"
        ]
    assert [(one["previous"], one["version"]) for one in told] == [
        (None, "1.0.0"),
        ("1.0.0", "1.1.0"),
    ]


def test_the_console_shows_the_whole_text_and_what_fails(bench: Workbench) -> None:
    publish(bench, CONTRACT)
    hostile = "\\e]8;;http://x\\a[@click=app.quit]"
    deep = " " * 300
    new = f'{STRICT}      - {{name: fax}}\n# {deep}deep\ndomain: "{hostile}"\n'
    card = bench.parts.desk.card(ask(bench, new).id)
    lines = card_lines(Shown(card, (), False), 80, now())
    assert all(line.cell_length <= 80 for line in lines)
    shown = "\n".join(line.plain for line in lines)
    for words in ("1.0.0 → 1.1.0", "city is unique", "there is no column fax", "unique: true"):
        assert words in " ".join(shown.split())
    assert "fails: city is unique" in shown
    assert "\x1b" not in shown
    assert "[@click=app.quit]" in shown  # as text
    assert "deep" in shown


def test_of_two_that_stand_on_one_version_the_second_is_stale(bench: Workbench) -> None:
    file(bench, CONTRACT)
    publish(bench, CONTRACT)
    first, second = ask(bench, STRICT), ask(bench, STRICT + "      - {name: mail}\n")
    waiting = ask(bench, CONTRACT + "# words\n")
    bench.vote(first)
    bench.vote(second)
    work_once(bench.context)
    assert [bench.state(one) for one in (first, second, waiting)] == [S.PUBLISHED, S.STALE, S.STALE]
    assert "version 1.1.0 of the contract" in bench.reason(waiting)
    assert versions(bench) == ["1.0.0", "1.1.0"]
    # The working copy said something else than what was proposed, so it is left alone.
    assert file(bench).read_text(encoding="utf-8") != STRICT
    assert bench.faults() == ()


@pytest.mark.parametrize("step", ["contracts", "recheck"])
def test_a_worker_that_dies_publishes_once(bench: Workbench, step: str) -> None:
    proposal = ask(bench, CONTRACT)
    bench.vote(proposal)

    def die() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work_once(hooked(bench.context, **{step: die}))
    assert versions(bench) == ([] if step == "contracts" else ["1.0.0"])
    work_once(bench.context)
    assert bench.state(proposal) is S.PUBLISHED
    assert versions(bench) == ["1.0.0"]
    assert bench.faults() == ()


def test_what_is_taken_back_is_not_published_and_what_is_published_can_be_undone(
    bench: Workbench,
) -> None:
    path = file(bench, CONTRACT)
    first = publish(bench, CONTRACT)
    before = path.read_text(encoding="utf-8")
    with pytest.raises(Conflict, match="is the first version"):
        revert(bench, first)
    taken = ask(bench, STRICT)
    bench.vote(taken)
    record = bench.parts.desk.card(taken.id).record
    assert revoke(bench.context, record, PERSON, "not yet") is S.REVOKED
    work_once(bench.context)
    assert versions(bench) == ["1.0.0"]
    file(bench, STRICT)
    second = publish(bench, STRICT)
    assert second.id != taken.id
    with pytest.raises(Conflict, match="too late"):
        revoke(bench.context, bench.parts.desk.card(second.id).record, PERSON, "not yet")
    inverse = revert(bench, second)
    assert bench.state(inverse) is S.PUBLISHED, bench.reason(inverse)
    assert bench.state(second) is S.REVERTED
    # A promise goes, so it is a major one; the text is otherwise the one before.
    assert versions(bench) == ["1.0.0", "1.1.0", "2.0.0"]
    assert path.read_text(encoding="utf-8") == before.replace("1.0.0", "2.0.0")
    assert bench.faults() == ()


def test_what_breaks_a_consumer_is_prepared_and_waits_for_it(bench: Workbench) -> None:
    publish(bench, CONTRACT)
    folder = bench.parts.workspace.contracts / "consumers" / "people"
    folder.mkdir(parents=True)
    reads_city = CONTRACT.replace("name, logicalType: string, required: true", "city")
    (folder / "churn.yaml").write_text(reads_city.rpartition("      - ")[0], encoding="utf-8")
    without = CONTRACT.rpartition("      - ")[0]
    with pytest.raises(BadInput, match="it breaks churn"):
        ask(bench, without)
    proposal = ask(bench, without, migration="read town", deprecated_until=date(2099, 1, 1))
    assert proposal.verdict.votes == 2
    with bench.parts.store.reading() as session:
        titles = [record.item.title for record in items.list_items(session)]
    assert any(title.startswith("churn: be ready by 2099-01-01") for title in titles)
    desk = replace(bench.parts.desk, reviewer="ben", roles=("owner",))
    bench.vote(proposal)
    desk.approve(desk.card(proposal.id))
    assert work_once(bench.context) == ()
    assert bench.state(proposal) is S.APPROVED
    (folder / "churn.yaml").write_text(without, encoding="utf-8")
    work_once(bench.context)
    assert versions(bench) == ["1.0.0", "2.0.0"]


def test_the_registry_follows_a_change_of_columns(bench: Workbench) -> None:
    path = file(bench, BY_LINE)
    publish(bench, BY_LINE)
    asked = schema_changes.Asked(action=RenameColumn(column="city", to="town"))
    proposal = schema_changes.request_schema_change(bench.context, "people", asked, PERSON)
    bench.vote(proposal)
    work_once(bench.context)
    assert bench.state(proposal) is S.PUBLISHED, bench.reason(proposal)
    assert versions(bench) == ["1.0.0", "2.0.0"]
    assert "version: 2.0.0" in path.read_text(encoding="utf-8")
    contract = bench.parts.contract("people")
    assert contract is not None
    assert contract.columns == ("name", "town")
    inverse = revert(bench, proposal)
    assert bench.state(inverse) is S.PUBLISHED, bench.reason(inverse)
    assert versions(bench) == ["1.0.0", "2.0.0", "3.0.0"]
    assert bench.faults() == ()


def test_a_text_that_nobody_voted_on_is_named(bench: Workbench, state_db: StateDatabase) -> None:
    proposal = publish(bench, CONTRACT)
    bench.parts.close()
    other = "SELECT digest FROM document WHERE body LIKE '%order%' OR digest <> :d LIMIT 1"
    digest = state_db.rows(other, d=proposal.digest)[0][0]
    state_db.edit("UPDATE contract_version SET digest = :d", d=digest)
    assert any(f"{proposal.id} is not what people approved it by" in f for f in bench.faults())
    state_db.edit("DELETE FROM contract_version")
    assert any("no version of the contract is from it" in fault for fault in bench.faults())
