"""Codes: letters and digits with marks between them, as telephone numbers and part numbers are."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from ostler.tools.repair.habits.habit import Counted, Rewritten, most_of

_RUNS = re.compile(r"[A-Z]+|[a-z]+|\d+|[^A-Za-z\d]+")
_LONGEST = 40
_FEWEST = 5
"""Letters and digits; shorter codes are no codes."""
_WORD = 5
"""Longer runs of letters are words, and what has words is no code."""
_PARTLY = 0.6
_PREVAILS = 0.8
"""Share of the codes of as many letters and digits that have the same marks."""
_LEAST = 20
"""Rows without which nothing can be called a habit."""
_CALLED = re.compile(r"(?:tele?|phone|fon|fax|ph|mobile|cell|no|nr)?[.:]?\s*", re.IGNORECASE)
"""What stands before a telephone number, here and there."""


class Code(NamedTuple):
    """A text read as a code."""

    bare: str
    """Its letters and digits alone."""
    kinds: str
    """`9` for each digit, `a` for each letter of it."""
    mask: str
    """The text with `9`, `A` or `a` for each letter and digit."""
    ends: tuple[int, ...]
    """Where its parts end: at marks, and between letters and digits."""


@lru_cache(maxsize=1 << 16)
def code_of(text: str) -> Code | None:
    """A text as a code; None for what has no digit, or words in it."""
    if len(text) > _LONGEST or not text.isascii() or not any(char.isdigit() for char in text):
        return None
    bare: list[str] = []
    mask: list[str] = []
    ends: list[int] = []
    size = 0
    for run in _RUNS.findall(text):
        first = run[0]
        if first.isalpha() and len(run) > _WORD:
            return None
        if first.isalnum():
            size += len(run)
            bare.append(run)
            ends.append(size)
            mask.append(("9" if first.isdigit() else "A" if first.isupper() else "a") * len(run))
        elif len(run) > 2:
            return None
        else:
            mask.append(run)
    joined = "".join(bare)
    kinds = "".join("9" if char.isdigit() else "a" for char in joined)
    return Code(joined, kinds, "".join(mask), tuple(ends)) if size >= _FEWEST else None


@dataclass(frozen=True)
class CodeHabit:
    """How a column writes its codes, by what they consist of."""

    masks: tuple[tuple[str, str], ...]
    """For each row of letters and digits the mask that prevails."""

    @property
    def usual(self) -> str:
        """Codes in one of the masks."""
        parts = (
            "".join({"9": r"\d", "A": "[A-Z]", "a": "[a-z]"}.get(c) or re.escape(c) for c in mask)
            for _, mask in self.masks[:50]
        )
        return "^(" + "|".join(parts) + ")$"

    @property
    def says(self) -> str:
        """With the most frequent mask."""
        return f"written as {self.masks[0][1]}"

    @property
    def others(self) -> Sequence["CodeHabit"]:
        """None: one of the masks prevails."""
        return ()

    def rewrite(self, text: str) -> Rewritten | None:
        """The same letters and digits with the column's marks."""
        masks = dict(self.masks)
        for bare, trust, because in _readings(text):
            code = code_of(bare)
            mask = masks.get(code.kinds) if code else None
            shape = code_of(mask) if mask else None
            if code and mask and shape and set(code.ends) <= set(shape.ends):
                new = _filled(mask, code.bare)
                if 1 < len(code.ends) < len(shape.ends) and not bare.isalnum():
                    # Some of the marks are there: the others may be under letters.
                    trust = min(trust, _PARTLY)
                return Rewritten(new, trust, because) if new != text else None
        return None


def _readings(text: str) -> Iterator[tuple[str, float, str]]:
    """A text, and what is left of it without what is said or dialled before a number."""
    yield text, 0.95, "have other marks between their parts"
    called = _CALLED.match(text)
    bare = text[called.end() :] if called else text
    if bare != text:
        yield bare, 0.95, "say what they are"
    if match := re.match(r"\+|00", bare):
        rest = bare[match.end() :]
        yield rest, 0.9, "have a sign in front"
        for length in (1, 2, 3):
            yield rest[length:].lstrip(" -.(").strip(), 0.8, "have the country in front"


def _filled(mask: str, bare: str) -> str:
    """The mask with the letters and digits of a code."""
    left = iter(bare)
    cased = {"A": str.upper, "a": str.lower, "9": str}
    return "".join(cased[char](next(left)) if char in cased else char for char in mask)


def code_habit(values: Counted, rows: int) -> CodeHabit | None:
    """The habit of a column most of whose values are codes of few masks; None for others."""
    ways: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    total = 0
    for text, count in values:
        if (code := code_of(text)) is not None:
            ways[code.kinds][code.mask] += count
            total += count
    if total < max(_LEAST, 0.5 * rows):
        return None
    masks = [
        (sum(of.values()), kinds, mask)
        for kinds, of in ways.items()
        if (mask := most_of(of)) and of[mask] >= _PREVAILS * sum(of.values())
        and sum(of.values()) >= max(_LEAST, 0.02 * total)
    ]  # fmt: skip
    ordered = sorted(masks, key=lambda it: (-it[0], it[1:]))
    held = sum(weight for weight, _, _ in ordered)
    return CodeHabit(tuple((k, m) for _, k, m in ordered)) if held >= 0.5 * total else None
