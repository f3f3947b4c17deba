"""Each shipped pack passes the check and decides as it says, on both sides of its line."""

import json
from pathlib import Path

import pytest
from test_policy_judgement import FACTS, change

from ostler.core.moments import Moment
from ostler.core.proposals import Verdict
from ostler.policies.judgement import judge
from ostler.policies.policyset import default_site, load_policies
from ostler.policies.shipped import pack_of, packs

EXACT = {"exact": True, "reversible": True}
SPENT = Moment(hour=9, weekday=1, rows_changed_today=95, daily_rows=100)

CASES: dict[str, tuple[dict[str, object], dict[str, object], str]] = {
    "pii": ({"pii_columns": ("mail",)}, {"columns": ("mail",)}, "2 votes owner steward"),
    "large": ({"row_share_permille": 11}, {"row_share_permille": 10}, "2 votes"),
    "deletes": ({"deleted": 1}, {"inserted": 1}, "2 votes"),
    "freeze": ({"moment": Moment(freeze="release")}, {"moment": Moment(hour=9)}, "denied"),
    "budget": ({"rows": 6, "moment": SPENT}, {"rows": 5, "moment": SPENT}, "denied"),
    "auto": (EXACT, {**EXACT, "taint": ("cell",), "exact": False}, "auto"),
}
"""What a pack is about, what is just beside it, and what it says of the first."""


def said(verdict: Verdict) -> str:
    if verdict.outcome != "votes":
        return {"deny": "denied", "auto": "auto"}[verdict.outcome]
    return " ".join([f"{verdict.votes} vote{'s' * (verdict.votes > 1)}", *verdict.roles])


@pytest.mark.parametrize("name", [pack.name for pack in packs()])
def test_a_pack_decides_as_it_says_and_nothing_beside_it(name: str) -> None:
    pack = pack_of(name)
    policies = load_policies({**default_site(), pack.file: pack.text})
    about, beside, expected = CASES[name]
    judged = [
        judge(policies, change().model_copy(update=one | {"dataset": FACTS}))
        for one in (about, beside)
    ]
    assert [said(one) for one in judged] == [expected, "1 vote"]
    assert set(judged[0].reasons) >= set(pack.asks)
    assert len(judged[0].owners) == len(judged[0].rules)


@pytest.mark.parametrize(
    "more",
    [
        {"rows": 21},
        {"worse_checks": 1},
        {"reversible": False},
        {"pii_columns": ("mail",)},
        {"key_columns": ("id",)},
        {"exact": False},
    ],
)
def test_nothing_beyond_a_tiny_exact_fix_goes_without_a_vote(more: dict[str, object]) -> None:
    pack = pack_of("auto")
    policies = load_policies({**default_site(), pack.file: pack.text})
    fix = change(**EXACT)
    assert judge(policies, fix).outcome == "auto"
    assert judge(load_policies(default_site()), fix).outcome == "votes"
    assert judge(policies, fix.model_copy(update=more)).outcome == "votes"


def test_a_pack_is_copied_once_and_never_over_something(run, tmp_path: Path) -> None:
    assert run("init").code == 0
    listed = json.loads(run("policy", "packs", "--json").out)
    assert [one["name"] for one in listed] == sorted(CASES)
    for one in listed:
        assert run("policy", "add", one["name"]).code == 0
    assert run("policy", "check").code == 0
    mine = tmp_path / "policies" / "pii.cedar"
    mine.write_text("// mine\n", encoding="utf-8")
    again = run("policy", "add", "pii")
    assert (again.code, mine.read_text(encoding="utf-8")) == (2, "// mine\n")
    mine.rename(mine.with_name("other.cedar"))
    (mine.with_name("other.cedar")).write_text(pack_of("pii").text, encoding="utf-8")
    taken = run("policy", "add", "pii")
    assert (taken.code, mine.exists()) == (2, False)
    assert "taken already" in taken.err
