"""Find rare spellings of frequent values."""

import re
from collections import defaultdict
from collections.abc import Mapping

from rapidfuzz import process
from rapidfuzz.distance import OSA

from ostler.core.actions import Replacement, ReplaceValues
from ostler.core.checks import RejectedValues
from ostler.core.proposals import Draft
from ostler.tables.view import View
from ostler.tools.repair.profile import ColumnProfile, drafted, profiles, value_counts

TOOL = "repair.spelling/1"

_DISTINCT = 20_000
_FREQUENT = 4
"""A value is taken for established from so many rows on."""
_MARGIN = 4
"""An established value has at least so many times the rows of its misspelling."""
_KNOWN = 2_000
"""Each rare value is compared with at most so many established ones."""
_PUNCTUATION = re.compile(r"[.,;:!?'\"()\[\]`]+")
_WORD = re.compile(r"[^\W\d_]+")


def mine_spelling(view: View) -> tuple[Draft, ...]:
    """Propose to replace rare spellings by the frequent value that they come nearest to."""
    return tuple(
        draft
        for column in profiles(view)
        # Only values that repeat have a spelling that can be told from a mistake.
        if column.is_text and not column.is_numeric and column.repeats
        for draft in _column(view, column)
    )


def _column(view: View, column: ColumnProfile) -> tuple[Draft, ...]:
    counts = {
        value: held
        for value, held in value_counts(view, column.name, _DISTINCT)
        if 2 * len("".join(_WORD.findall(value))) >= len(value.replace(" ", ""))
    }
    misspelt = nearest(counts)
    mapping = misspelt | same_words(counts)
    if not mapping:
        return ()
    rare = [value for value, held in counts.items() if held < _FREQUENT]
    # Where most rare values resemble no other, one that does may well be right, too.
    lonely = 1 - sum(value in mapping for value in rare) / len(rare) if rare else 0.0
    believed = sum(
        counts[value] * (1 - lonely * _coincidence(value) if value in misspelt else 0.97)
        for value in mapping
    )
    held = sum(counts[value] for value in mapping)
    bad = sorted(mapping, key=lambda value: (-counts[value], value))
    example = f"{bad[0]!r} beside {counts[mapping[bad[0]]]:,} times {mapping[bad[0]]!r}"
    return drafted(
        TOOL,
        ReplaceValues(
            column=column.name,
            mapping=tuple(Replacement(old=value, new=mapping[value]) for value in bad),
        ),
        RejectedValues(column=column.name, values=tuple(bad)),
        0.97 * believed / held,
        f"{len(bad):,} rare values of {column.name} are spelt nearly like frequent ones: {example}",
        support=sum(counts[value] for value in sorted({*mapping.values()})),
        against=held,
    )


def _coincidence(value: str) -> float:
    """How easily a sound value resembles another one; short ones do."""
    return 0.8 if len(value) < 8 else 0.4


def same_words(counts: Mapping[str, int]) -> dict[str, str]:
    """Values that differ from a more frequent one in case, punctuation or word order only."""
    alike: defaultdict[str, list[str]] = defaultdict(list)
    for value in counts:
        words = _PUNCTUATION.sub(" ", value).casefold().split()
        alike[" ".join(sorted(words))].append(value)
    mapping: dict[str, str] = {}
    for values in alike.values():
        best = min(values, key=lambda value: (-counts[value], value))
        mapping |= {
            v: best
            for v in values
            # Blanks alone are the formats miner's.
            if v.split() != best.split() and counts[best] >= 2 * counts[v]
        }
    return mapping


def nearest(counts: Mapping[str, int]) -> dict[str, str]:
    """Rare values and the one much more frequent value that each comes nearest to."""
    established = sorted((v for v, n in counts.items() if n >= _FREQUENT), key=lambda v: -counts[v])
    by_length: defaultdict[int, list[str]] = defaultdict(list)
    for value in established[:_KNOWN]:
        by_length[len(value)].append(value)
    mapping: dict[str, str] = {}
    for value, held in counts.items():
        best = _nearest(value, held, counts, by_length)
        if best is not None:
            mapping[value] = best
    # What is itself misspelt is no pattern for others.
    return {value: best for value, best in mapping.items() if best not in mapping}


def _nearest(
    value: str, held: int, counts: Mapping[str, int], by_length: Mapping[int, list[str]]
) -> str | None:
    limit = 0 if len(value) < 4 else min(6, max(1, len(value) // 5))
    if held >= _FREQUENT:
        limit = 1 if len(value) >= 8 else 0
    near = range(len(value) - limit, len(value) + limit + 1) if limit else ()
    choices = [v for n in near for v in by_length.get(n, ()) if counts[v] >= _MARGIN * held]
    found = process.extract(
        value, choices, scorer=OSA.distance, processor=str.casefold, score_cutoff=limit, limit=2
    )
    if not found or (len(found) > 1 and found[0][1] == found[1][1]):
        return None
    return found[0][0] if _mistyped(value, found[0][0]) else None


def _mistyped(value: str, meant: str) -> bool:
    """Whether the words of a value are all those of another one, with few letters wrong.

    Other digits, or other words of three letters or less, say something else.
    """
    if digits(value) != digits(meant):
        return False
    words, others = _WORD.findall(value.casefold()), _WORD.findall(meant.casefold())
    if len(words) != len(others):
        return OSA.distance("".join(words), "".join(others)) <= 1
    return all(
        OSA.distance(word, other) <= (len(other) // 4 if len(other) < 8 else len(other) // 3)
        for word, other in zip(words, others, strict=True)
    )


def digits(value: str) -> str:
    """The digits of a value, in order."""
    return "".join(character for character in value if character.isdigit())
