"""Undoing: which numbers a written one may have been meant to be, and how likely each slip is."""

from collections.abc import Iterator

_SCALES = {1: 0.07, -1: 0.07, 2: 0.05, -2: 0.05, 3: 0.04, -3: 0.04}
"""A decimal point lost or moved by so many places; negative where the number became smaller."""
_SIGN = 0.06
_SWAPPED = 0.14
_LOST = 0.12
_TYPED_TWICE = 0.04
_INSERTED = 0.1
_OTHER = 0.12
LIKENESSES = {
    "o": "0", "O": "0", "Q": "0", "D": "0", "l": "1", "I": "1", "i": "1", "|": "1", "z": "2",
    "Z": "2", "s": "5", "S": "5", "b": "6", "G": "6", "B": "8", "g": "9", "q": "9",
}  # fmt: skip
"""Signs that are taken for digits, or digits for them."""
_LOOKS = 0.5
"""How likely a digit that became a letter became one that looks like it, or lies near it."""
WILD = 0.2
"""Share of the errors that are none of these slips."""


def undone(text: str) -> Iterator[tuple[str, float]]:
    """What a plain number may have been, and how likely that would have become this one.

    The chances are those of the slip alone; how likely the number was to begin with is another
    question. The shares of the sorts of slips are rough and the same for every table. Nobody
    meant a number with noughts before it.
    """
    for meant, chance in _slipped(text):
        digits = meant.removeprefix("-")
        if digits and not (digits[0] in "0." and digits[1:2].isdigit()):
            yield meant, chance


def _slipped(text: str) -> Iterator[tuple[str, float]]:
    yield from _scaled(text)
    yield (text[1:] if text.startswith("-") else f"-{text}"), _SIGN
    places = [place for place, char in enumerate(text) if char.isdigit()]
    for place in places:
        left, char, right = text[:place], text[place], text[place + 1 :]
        if right[:1].isdigit() and right[0] != char:
            yield left + right[0] + char + right[1:], _SWAPPED / max(1, len(places) - 1)
        if len(places) > 1:
            doubled = _TYPED_TWICE if char in (left[-1:], right[:1]) else 0.0
            yield left + right, (doubled + _INSERTED / 10) / len(places)
        for digit in "0123456789":
            yield left + digit + text[place:], _LOST / (len(places) + 1)
            if digit != char:
                yield left + digit + right, _OTHER / len(places) / 9
    for digit in "0123456789":
        yield text + digit, _LOST / (len(places) + 1)


def _scaled(text: str) -> Iterator[tuple[str, float]]:
    sign, plain = ("-", text[1:]) if text.startswith("-") else ("", text)
    digits, _, decimals = plain.partition(".")
    for places, chance in _SCALES.items():
        moved = digits + decimals
        point = len(digits) - places
        if point <= 0:
            moved, point = "0" * (1 - point) + moved, 1
        moved = moved.ljust(point, "0")
        whole, rest = moved[:point].lstrip("0") or "0", moved[point:].rstrip("0")
        yield f"{sign}{whole}.{rest}" if rest else f"{sign}{whole}", chance


def read_again(text: str) -> Iterator[tuple[str, float]]:
    """The numbers that a text with one sign too many, or another for a digit, may stand for."""
    odd = [place for place, char in enumerate(text) if not (char.isdigit() or char in "+-.")]
    if len(odd) != 1 or sum(char.isdigit() for char in text) < len(text) / 2:
        return
    place = odd[0]
    left, char, right = text[:place], text[place], text[place + 1 :]
    length = max(1, len(text))
    yield left + right, _INSERTED / 26 / length
    alike = LIKENESSES.get(char)
    for digit in "0123456789":
        chance = _LOOKS / 2 if digit == alike else (1 - _LOOKS) / 26
        yield left + digit + right, _OTHER * chance / length
    yield left + "." + right, _OTHER / 26 / length
