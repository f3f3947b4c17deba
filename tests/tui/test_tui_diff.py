"""The diff: what differs is marked, nothing is left out in silence."""

from console_desk import sets, whole_row
from hypothesis import given
from hypothesis import strategies as st
from textual.content import Content

from ostler.review.text import visible_cell
from ostler.tui.diff import changed_part, diff_lines, values

cells = st.none() | st.text(st.characters(exclude_categories=()), max_size=30)
words = st.text("abc ", max_size=12)


def plain(lines: object) -> list[str]:
    assert hasattr(lines, "__iter__")
    return [line.plain.rstrip() for line in lines]


@given(words, words)
def test_the_changed_part_is_all_that_differs(old: str, new: str) -> None:
    start, end_old, end_new = changed_part(old, new)
    assert old[:start] == new[:start]
    assert old[end_old:] == new[end_new:]
    assert new == old[:start] + new[start:end_new] + old[end_old:]
    assert (old == new) == (start == end_old == end_new)


@given(words, words, words, words)
def test_what_both_begin_and_end_with_is_not_marked(a: str, old: str, new: str, z: str) -> None:
    start, end_old, end_new = changed_part(f"{a}<{old}>{z}", f"{a}[{new}]{z}")
    assert (start, end_old, end_new) == (len(a), len(a + old) + 2, len(a + new) + 2)


@given(cells, cells)
def test_short_values_are_shown_whole(old: str | None, new: str | None) -> None:
    minus, plus = values(old, new)
    assert minus.plain == f"-{visible_cell(old)}"
    assert plus.plain == f"+{visible_cell(new)}"


def test_the_differing_letters_are_underlined() -> None:
    minus, plus = values("Portlnd", "Portland")
    assert marked(minus) == ""
    assert marked(plus) == "a"
    assert [marked(value) for value in values("portland ", "Portland")] == ["portland␣", "Portland"]


def marked(value: Content) -> str:
    return "".join(
        value.plain[span.start : span.end] for span in value.spans if "underline" in str(span.style)
    )


def test_the_part_that_differs_is_shown_however_long_the_value() -> None:
    minus, plus = values("x" * 5000 + "old" + "y" * 5000, "x" * 5000 + "new!" + "y" * 5000)
    assert minus.plain.startswith("-…(4,940 more)…xxx")
    assert marked(minus) == "old"
    assert marked(plus) == "new!"
    assert plus.plain.endswith(f"…({10_004 - 4_940 - 400:,} more)…")


def test_rows_and_cells_stand_under_each_other() -> None:
    changes = (
        *sets("city", ("7", "Portlnd", "Portland")),
        *sets("state", ("7", None, "OR")),
        *sets("city", ("12", "Salm", "Salem")),
    )
    context = {"7": (("name", "Ida"), ("city", "Portlnd"), ("zip", "97201"), ("state", None))}
    assert plain(diff_lines(changes, context, 60)) == [
        "~ 7   city   -Portlnd  +Portland",
        "      state  -∅        +OR",
        "  name: Ida │ zip: 97201",
        "~ 12  city   -Salm     +Salem",
    ]


def test_deleted_and_inserted_rows_are_called_so() -> None:
    changes = (
        *whole_row("delete", "31", name="Ida", phone=None),
        *whole_row("insert", "32", name="Jo", phone=""),
    )
    assert plain(diff_lines(changes, {}, 60)) == [
        "- 31  deleted",
        "    name   -Ida",
        "    phone  -∅",
        "+ 32  inserted",
        "    name   +Jo",
        "    phone  +⟨empty⟩",
    ]


def test_long_values_are_wrapped_behind_a_mark_that_no_value_can_begin_with() -> None:
    fake = "x" * 30 + " ~ 99 city -a +b " + "y" * 30
    shown = plain(diff_lines(sets("note", ("1", fake, "z")), {}, 40))
    assert shown[0] == "~ 1  note"
    assert all(line.startswith(("~ 1", "      -", "    ┊ ", "      +")) for line in shown)
    assert max(map(len, shown)) <= 40
