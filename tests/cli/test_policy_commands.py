"""`ostler policy` as a user calls it."""

from pathlib import Path

import pytest
from state_database import StateDatabase

from ostler.cli.opening import now, opened
from ostler.tui.card import Shown, card_lines

SMALL = """
@id("small") @reason("small changes at once") @owner("ana")
permit (principal, action == Action::"auto_apply", resource) when { context.rows <= 10 };
"""
NARROW = """
@id("all") @reason("Anything.") @owner("ana")
permit (principal, action == Action::"propose", resource);
@id("exact") @reason("Exact changes of one row.") @owner("ben") @votes("1")
permit (principal, action == Action::"apply_after_approval", resource)
when { context.rows < 2 && context.exact && context.deleted == 0 };
"""
NEVER = """
@id("no-deletion-without-a-vote") @reason("r") @owner("ana")
forbid (principal, action == Action::"auto_apply", resource) when { context.deleted > 0 };
"""


@pytest.fixture
def newer(run, tmp_path: Path) -> Path:
    """A folder with the workspace's rules and one more."""
    run("init")
    folder = tmp_path / "newer"
    folder.mkdir()
    usual = (tmp_path / "policies" / "site.cedar").read_text()
    (folder / "site.cedar").write_text(usual + SMALL)
    return folder


def test_a_set_is_checked_and_named_by_its_digest(run, newer: Path) -> None:
    mine, other = (
        run("policy", "check", "--json").json,
        run("policy", "check", "--policies", newer, "--json").json,
    )
    assert {rule["set"] for rule in mine["rules"]} == {"hard", "site"}
    assert len(other["rules"]) == len(mine["rules"]) + 1
    assert other["digest"] != mine["digest"]


def test_an_unsound_rule_is_named_with_its_line(run, newer: Path) -> None:
    (newer / "bad.cedar").write_text("\npermit (principal, action, resource);\n")
    refused = run("policy", "check", "--policies", newer)
    assert refused.code == 2
    assert "bad.cedar:2:" in refused.err


def test_a_backtest_says_which_verdicts_flip_and_changes_nothing(
    run, newer: Path, tmp_path: Path
) -> None:
    rows = "".join(f"{n},{'Oslo' if n % 2 else 'Rome'},{'n/a' if n % 100 == 0 else f'555-{n:04}'}\n"
                   for n in range(600))  # fmt: skip
    (tmp_path / "people.csv").write_text("id,city,phone\n" + rows)
    run("add", "people.csv")
    run("groom", "people")
    waiting = run("queue", "--json").json
    found = run("policy", "backtest", "--policies", newer, "--json").json
    assert found["changes"] == len(waiting)
    small = [one for one in waiting if one["cells"] and one["rows"] <= 6]
    assert sum(flip["count"] for flip in found["flips"] if flip["looser"]) == len(small) >= 1
    assert {(flip["before"], flip["after"]) for flip in found["flips"]} == {("1 vote", "auto")}
    assert all(flip["rules"] == ["small"] for flip in found["flips"])
    assert run("policy", "backtest", "--json").json["flips"] == []
    assert run("policy", "backtest", "--since", "2199-01-01", "--json").json["changes"] == 0
    assert [one["id"] for one in run("queue", "--json").json] == [one["id"] for one in waiting]


def test_a_card_that_no_rule_permits_names_the_permit_that_came_nearest(
    run, workspace: Path
) -> None:
    (workspace / "policies" / "site.cedar").write_text(NARROW)
    run("groom", "people")
    denied = next(
        one["id"] for one in run("queue", "--state", "denied", "--json").json if one["cells"]
    )
    near = "nearest was exact (Exact changes of one row.) of ben; it lacks:"
    assert f"{near}\n    context.rows < 2\n    context.exact\n" in run("show", denied).out
    with opened(workspace) as parts:
        lines = card_lines(Shown(parts.desk.card(denied), (), False), 90, now())
    shown = " ".join(" ".join(line.plain for line in lines).split())
    assert f"{near} context.rows < 2 context.exact" in shown


def test_what_people_alone_let_through_flips_nothing_with_the_set_in_force(
    run, tmp_path: Path
) -> None:
    rows = ["id,name,city,zip,phone"]
    rows += [f"{n},p{n} x,{('Rome,1000', 'Oslo,2000')[n % 2]},555-{n:04}" for n in range(300)]
    rows[6:9] = ["5,p5 x,Romx,2000,555-0005", "6,p6 x,Rome,1000,555-0006", "7,p7 x,Oslo,2000,n/a"]
    rows[9] = "8,p8 x,Rome,1000,n/a"
    (tmp_path / "people.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    run("init")
    (tmp_path / "policies" / "small.cedar").write_text(SMALL)
    run("add", "people.csv")
    run("groom", "people")
    [question] = run("queue", "--json").json
    assert run("work", "--once").code == 0
    [at_once] = run("log", "people", "--json").json[0]["proposals"]
    assert run("answer", question["id"], "--set", "6", "city", "Rome").code == 0
    assert run("revert", at_once, "--yes").code == 0
    found = run("policy", "backtest", "--json").json
    # What was let through, the question, what was typed for it, and what was taken back.
    assert (found["changes"], found["flips"]) == (4, [])


def test_only_what_was_proposed_since_is_asked_again(run, workspace: Path) -> None:
    assert run("groom", "people").code == 0
    first = len(run("queue", "--json").json)
    state = StateDatabase(f"sqlite:///{workspace / '.ostler' / 'state.db'}")
    state.edit("UPDATE proposal SET created_at = '2026-01-05T12:00:00.000000Z'")
    (workspace / "more.csv").write_text((workspace / "people.csv").read_text())
    run("add", "more.csv")
    run("groom", "more")
    both = len(run("queue", "--json").json)
    assert 0 < first < both

    def changes(*since: str) -> int:
        return run("policy", "backtest", "--json", *since).json["changes"]

    begins = ("2026-01-05T12:00:00", "2026-01-05T12:00:01", "2199-01-01")
    assert [changes("--since", begin) for begin in begins] == [both, both - first, 0]


def test_a_proof_or_a_request_that_refutes_it(run, newer: Path, tmp_path: Path) -> None:
    (tmp_path / "never.cedar").write_text(NEVER)
    looser = run("policy", "prove", "--policies", newer, "--invariants", "never.cedar", "--json")
    assert looser.code == 1
    refuted = [proof for proof in looser.json if proof["answer"] == "refuted"]
    assert [proof["counterexample"]["action"] for proof in refuted] == ["auto_apply"]
    assert run("policy", "prove", "--invariants", "never.cedar").code == 0
    assert run("policy", "prove").code == 2
