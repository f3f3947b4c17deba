"""What is shown of hostile text."""

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ostler.review.text import typed, visible, visible_cell

anything = st.text(st.characters(exclude_categories=()))
"""Every code point there is, surrogates and unassigned ones too."""

tricky = st.text(
    st.sampled_from(
        "ab <>02e…∅␣⟨⟩↵⇥␛\x00\x07\n\r\t\x1b\x7f\x85\x9b\u00a0\u0301\u0338\u034f\u115f\u1160\u1161"
        "\u1100\u200b\u200d\u202e\u2066\u2400\u2800\u3000\u3164\ufe0f\ufeff\U000e0041é각\u212b"
    )
)

_GLYPHS = {"↵": "\n", "⇥": "\t", "␣": " "} | {chr(0x2400 + code): chr(code) for code in range(32)}


def read_back(shown: str) -> str:
    """What a careful reader of the screen takes the text to be."""
    parts = re.split(r"<([0-9a-f]{4,6})>", shown)
    return "".join(
        chr(int(part, 16)) if index % 2 else "".join(_GLYPHS.get(c, c) for c in part)
        for index, part in enumerate(parts)
    )


@given(anything | tricky)
@example("<202e>")
@example("<<202e>")
@example("<003c>")
@example("\u2409")
@example("e\u0301")
@example("  two  spaces ")
def test_different_texts_never_look_the_same(text: str) -> None:
    assert read_back(visible(text)) == text


@given(anything | tricky)
def test_nothing_shown_can_steer_a_terminal_or_hide(text: str) -> None:
    shown = visible(text)
    assert not {unicodedata.category(c) for c in shown} & {
        "Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"
    }  # fmt: skip
    assert [c for c in shown if c.isspace()] == [" "] * shown.count(" ")
    assert shown == shown.strip() and "  " not in shown
    shown.encode()


@given(anything | tricky)
def test_two_ways_to_write_a_letter_are_told_apart(text: str) -> None:
    shown = visible(text)
    assert unicodedata.is_normalized("NFC", shown)


@given(tricky, st.text("\u0325\u0591\u05b0\u20dd", min_size=4))
def test_marks_do_not_pile_up(text: str, marks: str) -> None:
    assert not re.search("[\u0325\u0591\u05b0\u20dd]{4}", visible(text + marks))


@given(anything, st.integers(0, 30))
def test_a_cut_says_by_how_much(text: str, limit: int) -> None:
    shown = visible(text, limit)
    if len(text) <= limit:
        assert shown == visible(text)
    else:
        assert shown == f"{visible(text[:limit])}… (+{len(text) - limit:,})"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, (text) [b]stays[/b] 100 %", "plain, (text) [b]stays[/b] 100 %"),
        ("\x1b]0;pwn\x07", "␛]0;pwn␇"),
        ("\x9b2J", "<009b>2J"),
        ("user\u202egnp.exe", "user<202e>gnp.exe"),
        ("ad\u200bmin", "ad<200b>min"),
        ("one\r\ntwo\t3", "one␍↵two⇥3"),
        ("Portland ", "Portland␣"),
        ("10\u00a0000", "10<00a0>000"),
        ("Zürich, Łódź, Αθήνα, 東京, नमस्ते, שָׁלוֹם", "Zürich, Łódź, Αθήνα, 東京, नमस्ते, שָׁלוֹם"),
        ("Zu\u0308rich", "Zu<0308>rich"),
        ("", ""),
    ],
)
def test_what_it_looks_like(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_missing_and_empty_cells_differ_from_every_text() -> None:
    assert visible_cell(None) == visible(None) == "∅"
    assert visible_cell("") == "⟨empty⟩"
    assert visible_cell("∅") == "<2205>"
    assert visible_cell("⟨empty⟩") == "<27e8>empty<27e9>"


@given(anything | tricky)
def test_typed_text_cannot_steer_the_input_field(text: str) -> None:
    assert not {unicodedata.category(c) for c in typed(text)} & {
        "Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"
    }  # fmt: skip


@pytest.mark.parametrize("text", ["not a typo: Łódź", "यह गलत है", "ok  then ", "<b>"])
def test_typed_text_keeps_what_people_write(text: str) -> None:
    assert typed(text) == text
