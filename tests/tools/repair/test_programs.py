"""Edit programs: each makes the one value of the other, and leaves alone what it does not know."""

from hypothesis import given
from hypothesis import strategies as st

from ostler.tools.repair.programs import moved, programs
from ostler.tools.repair.shapes import shapes_of

TEXTS = st.text("abcXYZ019 .,-é", max_size=12)


@given(TEXTS, TEXTS)
def test_every_program_makes_the_new_value_of_the_old_one(old: str, new: str) -> None:
    found = list(programs(old, new))
    assert found
    assert all(program.rewrite(old) == new for program in found)


@given(TEXTS, TEXTS, TEXTS)
def test_a_program_is_the_same_wherever_it_has_the_same_name(old: str, new: str, text: str) -> None:
    again = {program.name: program for program in programs(old, new)}
    assert all(again[one.name].rewrite(text) == one.rewrite(text) for one in programs(old, new))
    assert all(one.rewrite(None) is None for one in programs(old, new))


@given(st.integers(1, 10**6), st.integers(1, 6))
def test_a_point_that_is_moved_can_be_moved_back(number: int, power: int) -> None:
    there = moved(str(number), power)
    assert float(there) == number * 10**power
    assert float(moved(there, -power)) == number


def test_shapes_tell_sorts_apart_and_not_lengths() -> None:
    assert shapes_of(["Ab 12", "Cdef 7", "AB-1", "aB", "x"]) == ["Aa 9", "Aa 9", "A-9", "aA", "a"]
