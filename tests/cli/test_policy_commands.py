"""`ostler policy` as a user calls it."""

from pathlib import Path

import pytest

SMALL = """
@id("small") @reason("small changes at once") @owner("ana")
permit (principal, action == Action::"auto_apply", resource) when { context.rows <= 10 };
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
    rows = "".join(f"{n},{'Oslo' if n % 2 else 'Rome'},{'n/a' if n % 8 == 0 else f'555-{n:04}'}\n"
                   for n in range(80))  # fmt: skip
    (tmp_path / "people.csv").write_text("id,city,phone\n" + rows)
    run("add", "people.csv")
    run("groom", "people")
    waiting = run("queue", "--json").json
    found = run("policy", "backtest", "--policies", newer, "--json").json
    assert found["changes"] == len(waiting)
    assert sum(flip["count"] for flip in found["flips"] if flip["looser"]) >= 1
    assert all(flip["rules"] == ["small"] for flip in found["flips"])
    assert run("policy", "backtest", "--json").json["flips"] == []
    assert run("policy", "backtest", "--since", "2199-01-01", "--json").json["changes"] == 0
    assert [one["id"] for one in run("queue", "--json").json] == [one["id"] for one in waiting]


def test_a_proof_or_a_request_that_refutes_it(run, newer: Path, tmp_path: Path) -> None:
    (tmp_path / "never.cedar").write_text(NEVER)
    looser = run("policy", "prove", "--policies", newer, "--invariants", "never.cedar", "--json")
    assert looser.code == 1
    refuted = [proof for proof in looser.json if proof["answer"] == "refuted"]
    assert [proof["counterexample"]["action"] for proof in refuted] == ["auto_apply"]
    assert run("policy", "prove", "--invariants", "never.cedar").code == 0
    assert run("policy", "prove").code == 2
