"""Alias: another way to name what a more frequent value names, such as `J. Smith` or `A & B`."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from ostler.tools.repair.candidates import Found, Ground
from ostler.tools.repair.grid import Grid, GridColumn
from ostler.tools.repair.wording import corrected, values_of

_NUMERIC = 0.8
"""Share of numbers from which a column is one of quantities."""
_PAIRS = 400
"""Pairs of names of one column that are looked at; the most frequent ones come first."""
_MARGIN = 2.0
"""A name stands there so many times more often than another way to write it."""
_CONTEXTS = 6
"""Other columns that are asked whether two names stand in the same rows."""
_WITHOUT_VOWELS = re.compile("(?<=.)[aeiouAEIOU]")
_ADDED = re.compile(r" \([^\W\d]+\)$")
_WITH_ADDITION = 0.8
"""That a word in brackets behind a name says nothing new."""
_LEAST = 4
"""Letters from which a name can be told from its beginning."""


def mine_alias(ground: Ground) -> Iterator[Found]:
    """Names that are short for one other name of their column, or the same one in other signs."""
    grid = ground.grid
    for column in grid.changeable:
        if column.is_text and column.distinct > 1 and column.numeric <= _NUMERIC:
            yield from corrected(
                grid,
                column,
                "alias",
                f"values of {column.name} are other names of frequent ones",
                named(values_of(column), _Contexts(grid, column).agreement),
            )


@dataclass(frozen=True)
class _Way:
    """A way to make another name of a name."""

    keys: Callable[[str], Iterator[str]]
    """The other names that a full one may have."""
    sure: float
    """That it is meant, when exactly one frequent name can be; measured on generated noise."""


def named(
    counts: Mapping[str, int], agreement: Callable[[str, str], float]
) -> dict[str, tuple[str, float]]:
    """The values that are another name of a more frequent one, with how sure that is.

    `agreement` says how much likelier two values stand beside the same others than any two would,
    as odds; names that mean different things stand apart.
    """
    meant: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for longer, held in counts.items():
        added = _ADDED.search(longer)
        if added and counts.get(longer[: added.start()], 0) >= _MARGIN * held:
            meant[longer][longer[: added.start()]] = _WITH_ADDITION
    for full, held in counts.items():
        if held < 2:
            continue
        for way in _WAYS:
            for short in way.keys(full):
                if short != full and short in counts and held >= _MARGIN * counts[short]:
                    meant[short][full] = max(way.sure, meant[short].get(full, 0.0))
    found: dict[str, tuple[str, float]] = {}
    for short, fulls in list(meant.items())[:_PAIRS]:
        odds = {full: sure / (1 - sure) * agreement(short, full) for full, sure in fulls.items()}
        full = max(odds, key=lambda one: (odds[one], counts[one], one))
        score = min(0.97, odds[full] / (1 + sum(odds.values())))
        if full not in meant:
            found[short] = full, score * (1 - 0.5 / counts[full])
    return found


def _signs(full: str) -> Iterator[str]:
    for word, sign in ((" and ", " & "), (" & ", " and "), (" und ", " & "), (" et ", " & ")):
        if word in full:
            yield full.replace(word, sign)
            yield full.replace(word, sign.strip() if sign == " & " else sign)


def _initial(full: str) -> Iterator[str]:
    words = full.split(" ")
    if len(words) > 1:
        if words[0][:1].isalpha():
            rest = " ".join(words[1:])
            yield f"{words[0][:1]}. {rest}"
            yield f"{words[0][:1]} {rest}"
        if words[-1][:1].isalpha():
            yield f"{' '.join(words[:-1])} {words[-1][:1]}."


def _initials(full: str) -> Iterator[str]:
    words = [word for word in full.split(" ") if word[:1].isalpha()]
    if len(words) > 1:
        yield "".join(word[0] for word in full.split(" ") if word).upper()
        yield "".join(word[0] for word in words).upper()
        yield ".".join(word[0] for word in words).upper() + "."


def _article(full: str) -> Iterator[str]:
    yield f"The {full}"
    yield f"the {full}"
    if full.lower().startswith("the "):
        yield full[4:]


def _beginning(full: str) -> Iterator[str]:
    words = full.split(" ")
    if len(words) > 1:
        yield words[0]
    elif len(full) >= _LEAST:
        yield full[:3].upper()
        yield from (f"{full[:size]}." for size in range(2, len(full) - 1))


def _addition(full: str) -> Iterator[str]:
    if full.endswith(")") and " (" in full:
        yield full[: full.rindex(" (")]


def _vowels(full: str) -> Iterator[str]:
    if " " not in full and len(full) >= _LEAST:
        yield _WITHOUT_VOWELS.sub("", full)


def _doubled(full: str) -> Iterator[str]:
    if len(full) > _LEAST and full[-1].isalpha():
        yield full + full[-1]


def _words(full: str) -> Iterator[str]:
    """With one word cut short: `Main St`, `Main Str.`, `Ltd`."""
    words = full.split(" ")
    for at, word in enumerate(words):
        if len(word) <= _LEAST - 1 or len(words) < 2:
            continue
        shorts = {word[:size] for size in range(1, 5)}
        consonants = _WITHOUT_VOWELS.sub("", word)
        shorts |= {word[0] + word[-1], consonants, consonants[:3]}
        for short in sorted(shorts):
            for ending in ("", "."):
                yield " ".join([*words[:at], short + ending, *words[at + 1 :]])


_WAYS = (
    _Way(_signs, 0.97),
    _Way(_initial, 0.93),
    _Way(_initials, 0.85),
    _Way(_article, 0.93),
    _Way(_beginning, 0.8),
    _Way(_addition, 0.7),
    _Way(_vowels, 0.93),
    _Way(_doubled, 0.93),
    _Way(_words, 0.9),
)


class _Contexts:
    """Beside which values of other columns the values of one column stand."""

    def __init__(self, grid: Grid, column: GridColumn) -> None:
        self._codes = {value: code for code, value in enumerate(values_of(column))}
        self._column = column
        repeating = [
            other
            for other in grid.columns
            if other.place != column.place and 2 <= other.distinct <= 0.3 * max(1, other.filled)
        ]
        # Many values tell more.
        repeating.sort(key=lambda other: (-other.distinct, other.place))
        self._others = repeating[:_CONTEXTS]

    def agreement(self, short: str, full: str) -> float:
        """The odds that both name one thing, by the rows that they stand in."""
        left = self._column.codes == self._codes[short]
        right = self._column.codes == self._codes[full]
        best = 1.0
        for other in self._others:
            codes = other.codes
            mine = np.bincount(codes[left & (codes >= 0)], minlength=other.distinct)
            theirs = np.bincount(codes[right & (codes >= 0)], minlength=other.distinct)
            if not mine.sum() or not theirs.sum():
                continue
            every = other.counts / other.counts.sum()
            same = float((mine / mine.sum()) @ ((theirs + every) / (theirs.sum() + 1)))
            chance = float((mine / mine.sum()) @ every)
            best = max(best, same / chance) if same > chance else best * (same / chance) ** 0.5
        return float(min(20.0, max(0.3, best)))
