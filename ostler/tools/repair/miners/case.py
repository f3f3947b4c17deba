"""Case: values written in capitals, or without, where the column is not."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ostler.tools.repair.candidates import Found, Ground
from ostler.tools.repair.miners.fillers import stands_for_none
from ostler.tools.repair.wording import WORD, corrected, is_wordy, outnumbered, repeated, values_of

_RARE = 0.3
"""A way of writing that more of a column's rows have is one of its own."""
_EXTREME = frozenset({"lower", "upper", "swapped"})
"""What a program or a stuck key makes of a whole value."""
_SHORT = 6
"""Capitals of so few letters may be an abbreviation."""


def mine_case(ground: Ground) -> Iterator[Found]:
    """Values in a rare case, written as their words are elsewhere or as the column's habit is."""
    grid = ground.grid
    for column in grid.changeable:
        if is_wordy(column):
            yield from corrected(
                grid,
                column,
                "case",
                f"values of {column.name} are written in capitals or small letters as its others"
                " are",
                recased(values_of(column)),
            )


@dataclass(frozen=True)
class _Habit:
    """How a column writes its words."""

    forms: Mapping[str, Counter[str]]
    """Of each word, by its casefolded self; rows for each."""
    first: str
    """How the first word of a value is usually written: `lower`, `upper` or `title`."""
    later: str
    styles: Mapping[str, float]
    """Share of the rows whose value is written in each way."""


def recased(counts: Mapping[str, int]) -> dict[str, tuple[str, float]]:
    """The values in a rare case, each in the usual one, with how sure that is."""
    styles = {value: _style(WORD.findall(value)) for value in counts}
    habit = _habit(counts, styles)
    found: dict[str, tuple[str, float]] = {}
    known: defaultdict[str, list[int]] = defaultdict(lambda: [1, 2])
    shares: dict[str, float] = {}
    for value, held in counts.items():
        style = styles[value]
        # A filler is no value of the column, and what is a number for the most part has a unit.
        if not style or stands_for_none(value):
            continue
        if sum(map(str.isdigit, value)) > sum(map(str.isalpha, value)):
            continue
        new, share = _rewritten(value, held, style, habit)
        if new != value:
            found[value] = new, 0.0
            shares[value] = share
            known[style][0] += share > 0
            known[style][1] += 1
    sure: dict[str, tuple[str, float]] = {}
    for value, (new, _) in found.items():
        held, twins, style = counts[value], counts.get(new, 0), styles[value]
        rare = habit.styles[style]
        if twins > held:
            sure[value] = new, min(0.97, outnumbered(twins, held))
        elif rare <= _RARE and habit.styles.get(_style(WORD.findall(new)), 0) > 2 * rare:
            like, all_like = known[style]
            score = 0.5 + 0.25 * like / all_like + 0.22 * shares[value]
            score = score if style != "mixed" else min(0.4, score)
            abbreviated = style == "upper" and " " not in value and len(value) <= _SHORT
            score *= 0.6 if abbreviated else 1.0
            sure[value] = new, score * repeated(held)
    return sure


def _style(words: Sequence[str]) -> str:
    """How a value is written; empty where its letters have no case."""
    kinds = [_kind(word) for word in words]
    if not any(kinds):
        return ""
    seen = {kind for kind, word in zip(kinds, words, strict=True) if kind and len(word) > 1}
    seen = seen or {kind for kind in kinds if kind}
    if len(seen) == 1:
        return next(iter(seen))
    if seen == {"swapped", "upper"} and _kind(words[0]) == "swapped":
        return "swapped"
    return "mixed"


@lru_cache(maxsize=1 << 14)
def _kind(word: str) -> str:
    if word.lower() == word.upper():
        return ""
    if word.islower():
        return "lower"
    if word.isupper():
        return "upper" if len(word) > 1 else "title"
    if word[1:].islower():
        return "title"
    return "swapped" if word[0].islower() and word[1:].isupper() else "mixed"


def _habit(counts: Mapping[str, int], styles: Mapping[str, str]) -> _Habit:
    forms: defaultdict[str, Counter[str]] = defaultdict(Counter)
    places: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
    rows: Counter[str] = Counter()
    for value, held in counts.items():
        rows[styles[value]] += held
        for place, word in enumerate(WORD.findall(value)):
            forms[word.casefold()][word] += held
            places[place == 0][_kind(word)] += held
    cased = sum(held for style, held in rows.items() if style)
    return _Habit(
        forms,
        _usual(places[True]),
        _usual(places[False] or places[True]),
        {style: held / cased for style, held in rows.items() if style},
    )


def _usual(kinds: Counter[str]) -> str:
    return max(("title", "lower", "upper"), key=lambda kind: kinds[kind])


def _rewritten(value: str, held: int, style: str, habit: _Habit) -> tuple[str, float]:
    """A value in the case that its words have in others, and the share of its words that are known.

    A word that stands nowhere else takes the column's habit, if the whole value is out of it.
    """
    odd = habit.styles[style] <= _RARE and (
        style in _EXTREME or (style == "title" and habit.first != "title")
    )
    if not odd and all(len(habit.forms[word.casefold()]) == 1 for word in WORD.findall(value)):
        return value, 0.0
    known = changed = 0
    new: list[str] = []
    end = 0
    for place, match in enumerate(WORD.finditer(value)):
        word = match.group()
        others = habit.forms[word.casefold()]
        best, rows = max(
            ((form, n - held * (form == word)) for form, n in others.items()),
            key=lambda pair: (pair[1], pair[0]),
        )
        total = sum(others.values()) - held
        if rows <= 0:
            best = _written(word, habit.first if place == 0 else habit.later) if odd else word
        elif rows < (0.6 if odd else 0.9) * total or (not odd and rows < max(3, held)):
            best = word
        changed += best != word
        known += best != word and rows > 0
        new += value[end : match.start()], best
        end = match.end()
    return "".join(new) + value[end:], known / changed if changed else 0.0


def _written(word: str, kind: str) -> str:
    return {"lower": word.lower(), "upper": word.upper(), "title": word.capitalize()}[kind]
