"""What a model is shown and what it may do, whatever stands in the cells and in its answer."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostler.agents.advice import Nonsense, Question, follow, question, shape
from ostler.core.actions import (
    AgreeWithColumns,
    AnyAction,
    Consensus,
    Correct,
    Correction,
    DeleteDuplicates,
    Reformat,
    Replacement,
    ReplaceValues,
)
from ostler.core.base import Cell
from ostler.core.checks import Dependency, Pattern, RejectedValues, Unique
from ostler.core.proposals import Draft, Evidence


def draft(action: AnyAction, confidence: float = 0.8) -> Draft:
    match action:
        case ReplaceValues(column=column, mapping=mapping):
            rule: Any = RejectedValues(column=column, values=tuple(r.old or "" for r in mapping))
        case AgreeWithColumns(targets=targets):
            rule = Dependency(determinants=targets[0].determinants[:1], dependent=targets[0].column)
        case DeleteDuplicates(on=on):
            rule = Unique(on=on)
        case _:
            rule = Pattern(column="joined", regex=".*")
    evidence = Evidence(confidence=confidence, summary="many rows say so", support=40, against=2)
    return Draft(action=action, rule=rule, evidence=evidence, tool="repair.some/1")


def replaces(column: str, *pairs: tuple[Cell, Cell]) -> Draft:
    mapping = tuple(Replacement(old=old, new=new) for old, new in pairs)
    return draft(ReplaceValues(column=column, mapping=mapping))


DRAFTS = (
    replaces("city", ("Glenrok", "Glenrock"), ("Larkspurr", "Larkspur"), ("Cold", "Coldwater")),
    replaces("phone", ("N/A", None), ("-", None)),
    draft(
        AgreeWithColumns(
            targets=(
                Consensus(column="state", determinants=("city", "zip")),
                Consensus(column="zip", determinants=("city",)),
            ),
            min_share=0.8,
        ),
        0.9,
    ),
    draft(Reformat(column="joined", form="iso_date", date_order="dmy")),
    draft(DeleteDuplicates(on=("city", "zip")), 0.4),
    draft(
        Correct(
            principle="spelling",
            rule="rare values are spelt nearly like frequent ones",
            corrections=(
                Correction(column="name", old="Ane", new="Ana", rows=("3", "8")),
                Correction(column="name", old="Bb", new="Bob"),
                Correction(column="zip", old="1O1", new="101", rows=("4",)),
            ),
        )
    ),
)
ASKED = question("scripted", "people", DRAFTS)


def mapping_of(action: AnyAction) -> set[Replacement]:
    return set(action.mapping) if isinstance(action, ReplaceValues) else set()


def values_of(column: str) -> set[Cell]:
    found = [a for a in (d.action for d in DRAFTS) if isinstance(a, ReplaceValues)]
    values = {v for a in found if a.column == column for r in a.mapping for v in (r.old, r.new)}
    cards = [a for a in (d.action for d in DRAFTS) if isinstance(a, Correct)]
    here = [c for a in cards for c in a.corrections if c.column == column]
    return values | {v for c in here for v in (c.old, c.new)}


def narrows(new: AnyAction, old: AnyAction) -> bool:
    """Whether an action does nothing that another one would not have done."""
    if isinstance(new, AgreeWithColumns) and isinstance(old, AgreeWithColumns):
        return (
            {*new.targets} <= {*old.targets}
            and new.min_share >= old.min_share
            and new.min_group == old.min_group
        )
    if isinstance(new, ReplaceValues) and isinstance(old, ReplaceValues):
        return new.column == old.column and mapping_of(new) <= mapping_of(old)
    if isinstance(new, Correct) and isinstance(old, Correct):
        return set(new.corrections) <= set(old.corrections) and new.rule == old.rule
    return new == old


def assert_harmless(asked: Question, content: str) -> None:
    try:
        after = follow(asked, content)
    except Nonsense:
        return
    of_tools = [one for one in after if one.tool != "model:scripted"]
    assert len(of_tools) == len(asked.drafts)
    for old, new in zip(asked.drafts, of_tools, strict=True):
        assert narrows(new.action, old.action)
        assert new.evidence.confidence <= old.evidence.confidence
        # Whatever it says it had a hand in is marked as a model's, which policies may ask about.
        assert new.model in ("", "scripted")
        assert (new.rationale, new.action) == ("", old.action) or new.model == "scripted"
        kept = {"action": old.action, "evidence": old.evidence, "rationale": "", "model": ""}
        assert new.model_copy(update=kept) == old
    for added in after[len(asked.drafts) :]:
        assert isinstance(added.action, ReplaceValues)
        known = values_of(added.action.column)
        assert all(r.old in known and r.new in known for r in added.action.mapping)
        assert all(r.old is not None and r.old != r.new for r in added.action.mapping)
        assert added.rule.columns == (added.action.column,)
        assert added.evidence.confidence <= 0.3
    actions = [one.action for one in after]
    assert all(actions.count(action) == 1 for action in actions)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
IDS = st.from_regex(r"[dmv][0-9]{1,2}", fullmatch=True) | st.sampled_from(
    ["d1", "d2", "d3", "m1", "m2", "m3", "v1", "v2", "v3", "v7", "v8"]
)
ADVICE = st.fixed_dictionaries(
    {"draft": IDS, "use": st.booleans()},
    optional={
        "strike": st.lists(IDS, max_size=4),
        "min_share": st.none() | st.floats(0.5, 1.1),
        "rationale": st.text(max_size=20),
    },
)
ADDITION = st.fixed_dictionaries(
    {
        "action": st.just("replace_values"),
        "draft": IDS,
        "values": st.lists(IDS, min_size=1, max_size=4),
        "by": IDS,
    },
    optional={"rationale": st.text(max_size=20)},
)
REPLIES = st.fixed_dictionaries(
    {"advice": st.lists(ADVICE, max_size=4)}, optional={"additions": st.lists(ADDITION, max_size=3)}
)


@settings(max_examples=300)
@given(REPLIES)
def test_a_reply_near_the_schema_is_nonsense_or_harmless(reply: dict[str, Any]) -> None:
    assert_harmless(ASKED, json.dumps(reply))


@given(ANYTHING | REPLIES.flatmap(lambda r: ANYTHING.map(lambda x: {**r, "more": x})))
def test_any_json_is_nonsense_or_harmless(reply: object) -> None:
    assert_harmless(ASKED, json.dumps(reply))


@given(st.text(st.characters()) | st.text('{}[]":,dmv0123456789 advicetrue'))
def test_any_text_is_nonsense_or_harmless(content: str) -> None:
    assert_harmless(ASKED, content)


def only(**reply: Any) -> str:
    return json.dumps({"advice": [], **reply})


def advised(**advice: Any) -> str:
    return json.dumps({"advice": [{"draft": "d1", "use": True, **advice}]})


def addition(**changes: Any) -> str:
    one = {"action": "replace_values", "draft": "d1", "values": ["v1"], "by": "v4", **changes}
    return only(additions=[one])


@pytest.mark.parametrize(
    "content",
    [
        advised(draft="d9"),
        advised(draft="d0"),
        advised(strike=["m4"]),
        advised(strike=["m1", "m99"]),
        advised(strike=["d1"]),
        advised(draft="d4", strike=["m1"]),
        advised(min_share=0.3),
        advised(rationale="x" * 601),
        advised(approver="ana"),
        addition(by="v99"),
        addition(values=["v1", "v8"]),
        addition(values=["v1"], by="v1"),
        addition(draft="d3"),
        addition(draft="d2"),
        addition(draft="d6", values=["v10"], by="v15"),
        addition(by="Paris"),
        addition(action="set_cells"),
        addition(column="state"),
        only(sql="DROP TABLE people"),
        "[]",
        "{}",
        "",
        '{"advice": [',
        "```json\n" + advised() + "\n```",
    ],
)
def test_what_was_not_shown_is_nonsense_as_a_whole(content: str) -> None:
    with pytest.raises(Nonsense):
        follow(ASKED, content)


def test_one_bad_id_spoils_good_advice() -> None:
    fine = {"draft": "d1", "use": False, "strike": ["m1"]}
    assert follow(ASKED, json.dumps({"advice": [fine]}))[0] != DRAFTS[0]
    with pytest.raises(Nonsense, match="d77"):
        follow(ASKED, json.dumps({"advice": [fine, {"draft": "d77", "use": True}]}))


def test_no_advice_changes_nothing() -> None:
    assert follow(ASKED, only()) == DRAFTS


def test_less_agreement_is_not_to_be_had() -> None:
    content = json.dumps({"advice": [{"draft": "d3", "use": True, "min_share": 0.6}]})
    assert follow(ASKED, content)[2].action == DRAFTS[2].action


def test_striking_every_member_leaves_the_draft_whole() -> None:
    assert follow(ASKED, advised(strike=["m1", "m2", "m3"]))[0].action == DRAFTS[0].action


def test_a_card_of_cells_is_narrowed_by_what_it_changes() -> None:
    content = json.dumps({"advice": [{"draft": "d6", "use": True, "strike": ["m2"]}]})
    action, whole = follow(ASKED, content)[5].action, DRAFTS[5].action
    assert isinstance(action, Correct)
    assert isinstance(whole, Correct)
    assert action.corrections == (whole.corrections[0], whole.corrections[2])
    [added] = follow(ASKED, addition(draft="d6", values=["v12"], by="v11"))[6:]
    mapping = (Replacement(old="Bb", new="Ana"),)
    assert added.action == ReplaceValues(column="name", mapping=mapping)


def test_members_beyond_those_shown_are_kept_and_cannot_be_struck() -> None:
    many = (replaces("city", *((f"town {n}", "Town") for n in range(60))),)
    asked = question("scripted", "people", many)
    assert len(json.loads(asked.request.user)["drafts"][0]["members"]) == 40
    [kept] = follow(asked, advised(strike=["m40"]))
    assert len(mapping_of(kept.action)) == 59
    with pytest.raises(Nonsense):
        follow(asked, advised(strike=["m41"]))


def test_drafts_beyond_those_shown_stay_as_they_are() -> None:
    many = tuple(replaces(f"column {n}", ("n/a", None)) for n in range(70))
    asked = question("scripted", "people", many)
    assert len(json.loads(asked.request.user)["drafts"]) == 60
    assert follow(asked, only()) == many
    with pytest.raises(Nonsense):
        follow(asked, advised(draft="d61"))


KINDS = ("abyzäж文ñ", "ABYZÄЖ", "0189½٣²", "\u200b\u202e\u0301\U000e0061€🐴")
SAME_KINDS = st.lists(
    st.sampled_from(KINDS).flatmap(lambda k: st.tuples(st.sampled_from(k), st.sampled_from(k))),
    min_size=1,
)


@given(st.text())
def test_a_shape_holds_no_letter_and_no_sign_beyond_ascii(text: str) -> None:
    made = shape(text)
    assert set(made) <= {*"Aa9¤", *map(chr, range(ord(" "), ord("~") + 1))}
    assert {sign for sign in made if sign.isalnum()} <= {*"Aa9"}


@given(SAME_KINDS)
def test_texts_of_the_same_kinds_have_the_same_shape(signs: list[tuple[str, str]]) -> None:
    assert shape("".join(one for one, _ in signs)) == shape("".join(other for _, other in signs))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Portland OR", "Aaaa+ AA"),
        ("212-555-0199", "999-999-999+"),
        ("ЖЖЖЖЖ", "AAA+"),
        ("½ kg", "9 aa"),
        (None, "missing"),
        ("", ""),
        # Letters that are invisible on a screen, and not to a model.
        ("".join(chr(0xE0000 + ord(c)) for c in "approve"), "¤¤¤+"),
        ("a\u202eb\u200bc\n", "a¤a¤a¤"),
    ],
)
def test_shapes(text: Cell, shown: str) -> None:
    assert shape(text) == shown


def test_of_a_classified_column_a_model_is_not_even_told_the_shape() -> None:
    classes = {"city": "Confidential", "phone": "public"}
    [city, phone, *_] = json.loads(question("scripted", "people", DRAFTS, classes).request.user)[
        "drafts"
    ]
    assert {m[side]["shape"] for m in city["members"] for side in ("old", "new")} == {"•••"}
    assert [(m["old"]["shape"], m["new"]["shape"]) for m in phone["members"]] == [
        ("A/A", "missing"),
        ("-", "missing"),
    ]
