"""Spelling: rare values, and rare words in values, that come near a much more frequent one."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ostler.tools.repair.candidates import Found, Ground
from ostler.tools.repair.nearness import Neighbours
from ostler.tools.repair.wording import corrected, is_wordy, repeated, values_of

_ESTABLISHED = 2
"""A value is known from so many rows on."""
_REPEATED = 0.1
"""Share of the rows with a known value below which hardly any value shows how others are spelt."""
_SOUND = 4
"""A slip does not repeat so often."""
_NUMERIC = 0.8
"""Share of numbers from which a column is one of quantities."""
_RUNS = 20
"""Unless what was meant stands there so many times more often."""
_SETTLED = 0.85
"""Share of the rows that hold known values from which another digit is a slip, and no quantity."""
_OTHER_DIGIT = 0.5
"""What is left of the belief where a digit differs: it says something else more often than not."""
_NEW = 0.8
"""And where the whole value is found nowhere else, but the word alone."""
_MARGIN = 2
"""It has at least so many times the rows of its misspelling."""
_KNOWN = 20_000
"""Known values or words of a column, the most frequent first."""
_CHANCE = {"short": 0.15, "middle": 0.04, "long": 0.01}
"""How often a sound word is near another one, before the column says so itself."""
_WORD = 3
"""Letters of the shortest word inside a value that is told to be misspelt."""
_TOKEN = re.compile(r"(?:[^\W_]|\*)+")


def mine_spelling(ground: Ground) -> Iterator[Found]:
    """Rare spellings, where the frequent ones do not come as near to one another."""
    grid = ground.grid
    for column in grid.changeable:
        if not column.is_text or column.distinct < 2 or column.numeric > _NUMERIC:
            continue
        counts = values_of(column)
        words = _words(counts)
        mapping = {
            value: pair
            for value, pair in respelt(counts).items()
            if not _says_else(value, pair[0], counts[value], words)
        }
        for value, pair in reworded(counts, words).items() if is_wordy(column) else ():
            if value not in mapping or mapping[value][1] < pair[1]:
                mapping[value] = pair
        yield from corrected(
            grid,
            column,
            "spelling",
            f"rare values of {column.name} are spelt nearly like frequent ones",
            mapping,
        )


@dataclass(frozen=True)
class _Near:
    """What a rare text may have been."""

    new: str
    share: float
    """Of all known texts that are as near, weighted by their rows."""
    distance: int
    kind: tuple[str, str]
    """Its length, and whether a digit differs: chance is measured apart for each."""


@dataclass(frozen=True)
class _Compared:
    """How the texts of a column compare with its known ones, by the kind of difference."""

    near: dict[str, _Near]
    odd: defaultdict[tuple[str, str], list[int]]
    """Of the rare texts, those near a known one, and all."""
    sound: defaultdict[tuple[str, str], list[int]]
    """The same of the frequent ones."""


def respelt(counts: Mapping[str, int]) -> dict[str, tuple[str, float]]:
    """Rare texts, each with the known one that it comes nearest to, and how sure that is.

    How sure is told by the texts themselves: where known ones often come near one another, a rare
    one that does is no sign of a mistake; where most rare ones do and no known ones, it is.
    """
    known = [text for text, held in counts.items() if held >= _ESTABLISHED][:_KNOWN]
    if sum(counts[text] for text in known) <= _REPEATED * sum(counts.values()):
        return {}
    compared = _compared(counts, known)
    claimed: Counter[str] = Counter()
    for text, one in compared.near.items():
        claimed[one.new] += counts[text]
    found: dict[str, tuple[str, float]] = {}
    for text, one in compared.near.items():
        if claimed[one.new] > counts[one.new]:
            # Nobody errs more often than not: values near one another are this column's nature.
            continue
        odd, sound = compared.odd[one.kind], compared.sound[one.kind]
        believed = _believed(odd, sound, _CHANCE[one.kind[0]])
        score = believed * one.share * (1 - 0.08 * (one.distance - 1))
        if one.kind[1] == "digits":
            score *= _OTHER_DIGIT
        held, meant = counts[text], counts[one.new]
        score *= min(1.0, 0.7 + 0.1 * meant / held)
        # A short word can go wrong in few ways only, and a frequent one often goes wrong.
        often = 0.08 * meant / len(text) if len(text) >= _WORD else 1.0
        score *= repeated(round(held / max(1.0, often)))
        found[text] = one.new, min(0.98, score)
    # What is itself misspelt is no pattern for others.
    return {text: pair for text, pair in found.items() if pair[0] not in found}


def _compared(counts: Mapping[str, int], known: Sequence[str]) -> _Compared:
    """Every text compared with the known ones."""
    index = Neighbours(text.casefold() for text in known)
    written = {text.casefold(): text for text in reversed(known)}
    rows = sum(counts.values())
    settled = sum(n for n in counts.values() if n >= _SOUND) >= _SETTLED * rows
    found = _Compared({}, defaultdict(lambda: [0, 0]), defaultdict(lambda: [0, 0]))
    for text, held in counts.items():
        size = _size(text)
        for slip, peers in _peers(text, index, written).items():
            kind = size, slip
            if not peers:
                # Most have none.
                (found.sound if held >= _SOUND else found.odd)[kind][1] += 1
                continue
            better = [one for one in peers if counts[one[0]] >= max(_ESTABLISHED, _MARGIN * held)]
            runs = len(text) >= _WORD and any(counts[o] >= _RUNS * held for o, _ in peers)
            if held < _SOUND:
                found.odd[kind][0] += bool(better)
                found.odd[kind][1] += 1
            elif not runs:
                found.sound[kind][0] += 1
                found.sound[kind][1] += 1
                continue
            told = slip == "letters" or (settled and held == 1)
            if better and told and text not in found.near:
                found.near[text] = _nearest(better, counts, kind)
    return found


def _peers(
    text: str, index: Neighbours, written: Mapping[str, str]
) -> dict[str, list[tuple[str, int]]]:
    """The known texts near one, by what differs, each with its distance."""
    others: dict[str, list[tuple[str, int]]] = {"letters": [], "digits": []}
    for other, distance in index.of(text.casefold()):
        if slip := _slip(text, written[other]):
            others[slip].append((written[other], distance))
    return others


def _believed(odd: Sequence[int], sound: Sequence[int], prior: float) -> float:
    """The chance that a rare text near a known one is a slip of it.

    Of the rare texts that are sound, as many are near a known one by chance as of the known ones.
    """
    chance = (sound[0] + 20 * prior) / (sound[1] + 20)
    near = (odd[0] + 1.5) / (odd[1] + 4)
    slips = max(0.0, (near - chance) / (1 - chance))
    return (1 - chance**2) * slips / near


def _size(text: str) -> str:
    return "short" if len(text) < 6 else "middle" if len(text) < 10 else "long"


def _nearest(
    better: Sequence[tuple[str, int]], counts: Mapping[str, int], kind: tuple[str, str]
) -> _Near:
    least = min(distance for _, distance in better)
    nearest = [text for text, distance in better if distance == least]
    best = max(nearest, key=lambda text: (counts[text], text))
    share = counts[best] / sum(counts[text] for text in nearest)
    return _Near(best, share, least, kind)


def _slip(text: str, meant: str) -> str:
    """Whether letters or digits differ; empty where it is something else, such as the case.

    Another short word inside a longer value says something else: the half of a day, a state.
    """
    if text.casefold() == meant.casefold() or text.isupper() != meant.isupper():
        return ""
    if text[0] != meant[0] and text[0].casefold() == meant[0].casefold():
        return ""
    tokens, wanted = _TOKEN.findall(text), _TOKEN.findall(meant)
    if len(tokens) == len(wanted) > 1:
        other = [max(len(a), len(b)) for a, b in zip(tokens, wanted, strict=True) if a != b]
        if other and max(other) <= _WORD:
            return ""
    digits, others = _digits(text), _digits(meant)
    mistaken = len(text) == len(meant) and abs(len(digits) - len(others)) == 1
    return "letters" if digits == others or mistaken else "digits"


def _says_else(value: str, new: str, held: int, words: Mapping[str, int]) -> bool:
    """Whether the words that differ stand in other values, too, and so are words of their own."""
    meant = set(_TOKEN.findall(new))
    other = [word for word in _TOKEN.findall(value) if word not in meant]
    return bool(other) and all(words[word] - held >= max(2, held) for word in other)


def _digits(text: str) -> str:
    return "" if text.isalpha() else "".join(filter(str.isdigit, text))


def _words(counts: Mapping[str, int]) -> Counter[str]:
    words: Counter[str] = Counter()
    for value, held in counts.items():
        for word in _TOKEN.findall(value):
            words[word] += held
    return words


def reworded(counts: Mapping[str, int], words: Mapping[str, int]) -> dict[str, tuple[str, float]]:
    """Values of several words of which some are misspelt, each with all of them put right."""
    ordered = dict(sorted(words.items(), key=lambda pair: (-pair[1], pair[0])))
    slips = {
        word: slip
        for word, slip in respelt(ordered).items()
        if len(word) >= _WORD and any(map(str.isalpha, word))
    }
    found: dict[str, tuple[str, float]] = {}
    for value in counts:
        tokens = _TOKEN.findall(value)
        wrong = [slips[token][1] for token in tokens if token in slips]
        if len(tokens) < 2 or not wrong:
            continue
        new = _TOKEN.sub(lambda match: slips.get(match.group(), (match.group(),))[0], value)
        rows = counts.get(new, 0)
        score = min(wrong)
        if any(words[t] <= counts[value] and t not in slips for t in tokens if t.isalpha()):
            # A word that nobody knows is left.
            score *= 0.6
        if rows >= _MARGIN * counts[value]:
            # By chance a misspelt word does not make a known value.
            score = 1 - 0.3 * (1 - score)
        else:
            score *= _NEW if score < 0.8 else 1.0
        found[value] = new, min(0.98, score)
    return found
