"""Blanks: doubled, odd and lost blanks, and signs that crept in at a value's end."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from ostler.tools.repair.candidates import Found, Ground
from ostler.tools.repair.wording import corrected, outnumbered, repeated, values_of

_RARE = 0.25
"""What more of a column's rows have is its way of writing, not a slip."""
_ODD = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\t\r\n]")
_NOTHING = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
"""Signs that nobody sees."""
_STOP = re.compile(r"\s*[.,;:_`|-]$|\s+[.,;:_`|'\"-]+$")
_SIGN = re.compile(r"[^\w+%#&$€£@]|_")
_ABBREVIATED = re.compile(r"(?:^|[\s.])[^\W\d_]{1,4}\.$")
_PLAIN = {"doubled": 0.95, "odd": 0.95, "unseen": 0.95, "stop": 0.93, "comma": 0.88}
"""Slips that undo themselves in one way, and how sure that is; the others are guesses."""
_GUESS = 0.35


def mine_blanks(ground: Ground) -> Iterator[Found]:
    """Values whose blanks or last signs are not those of the rest of their column."""
    grid = ground.grid
    for column in grid.changeable:
        if column.is_text and column.distinct > 1:
            yield from corrected(
                grid,
                column,
                "blanks",
                f"values of {column.name} have blanks, stops or commas too many or too few",
                respaced(values_of(column)),
            )


@dataclass(frozen=True)
class _Usual:
    """What a column's values are made of."""

    words: Mapping[str, int]
    """Rows that hold each, between blanks."""
    blank: float
    """Share of the rows with a blank inside."""


def respaced(counts: Mapping[str, int]) -> dict[str, tuple[str, float]]:
    """The values with blanks or signs that creep in, each without, and how sure that is."""
    total = sum(counts.values())
    slips: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    rows: Counter[str] = Counter()
    bare: defaultdict[str, list[str]] = defaultdict(list)
    for value in counts:
        bare[_bare(value).casefold()].append(value)
    usual = _usual(counts)
    for value, held in counts.items():
        for slip, new in _undone(value, held, usual):
            if new and new != value:
                slips[slip].append((value, new))
                rows[slip] += held
    found: dict[str, tuple[str, float]] = {}
    for slip, pairs in slips.items():
        share = rows[slip] / total
        twins = [_twin(value, new, counts, bare) for value, new in pairs]
        # Where the values without the slip exist beside it, it is one in the others, too.
        met = (1 + sum(twin is not None for twin in twins)) / (1 + len(twins))
        for (value, new), twin in zip(pairs, twins, strict=True):
            if twin is not None:
                score = min(0.98, outnumbered(counts[twin], counts[value]))
            elif share <= _RARE:
                alone = _PLAIN.get(slip, _GUESS + 0.55 * met)
                score = alone * (1 - 0.5 * share) * repeated(counts[value])
            else:
                continue
            if value not in found or found[value][1] < score:
                found[value] = twin or new, score
    return found


def _bare(value: str) -> str:
    """A value without blanks and signs, but with the points and signs that belong to a number."""
    return value if value.isalnum() else _SIGN.sub(_of_number, value)


def _of_number(sign: re.Match[str]) -> str:
    """The sign, if it belongs to a number."""
    value, place = sign.string, sign.start()
    before, after = value[place - 1] if place else " ", value[place + 1 : place + 2]
    minus = sign.group() == "-" and before == " "
    return sign.group() if after.isdigit() and (minus or before.isdigit()) else ""


def _usual(counts: Mapping[str, int]) -> _Usual:
    words: Counter[str] = Counter()
    blank = 0
    for value, held in counts.items():
        blank += held * (" " in value.strip())
        for word in value.split():
            words[word] += held
    return _Usual(words, blank / max(1, sum(counts.values())))


def _undone(value: str, held: int, usual: _Usual) -> Iterator[tuple[str, str]]:
    """What a value may have been, by what went wrong."""
    if "  " in value or value != value.strip():
        yield "doubled" if usual.blank > _RARE else "padded", " ".join(value.split())
    if not (value.isascii() and value.isprintable()):
        yield from _unseen(value)
    # Every value comes by here, and few end in a sign.
    rest = value if value[-1:].isalnum() else _STOP.sub("", value)
    if rest != value and _is_stray(value, rest, held, usual):
        yield _ending(value, rest), rest
    if usual.blank > 0.5 and " " not in value:
        if "_" in value.strip("_"):
            yield "line", " ".join(value.replace("_", " ").split())
        elif "-" in value.strip("-"):
            yield "hyphen", " ".join(value.replace("-", " ").split())
        elif (parts := _parts(value)) and all(usual.words.get(p, 0) or len(p) > 3 for p in parts):
            yield "lost", " ".join(parts)


def _unseen(value: str) -> Iterator[tuple[str, str]]:
    """A value without blanks that are none, and signs that nobody sees."""
    if _ODD.search(value):
        yield "odd", " ".join(_ODD.sub(" ", value).split())
    # Joiners have a meaning in other scripts.
    if _NOTHING.search(value) and all(ord(sign) < 0x0250 or _NOTHING.match(sign) for sign in value):
        yield "unseen", _NOTHING.sub("", value)


def _ending(value: str, rest: str) -> str:
    sign = value[len(rest) :]
    if sign.strip() not in (".", ",", ";") or (sign == "." and rest[-1].isdigit()):
        return "stop" if sign[0] == " " else "sign"
    return "comma" if sign == "," else "stop"


def _is_stray(value: str, rest: str, held: int, usual: _Usual) -> bool:
    """Whether a last sign is not part of the word before it."""
    if not rest or (not rest[-1].isalnum() and rest[-1] not in ")%]\"'"):
        return False
    if value[len(rest)].isspace():
        return True
    ending, word = value.split()[-1], rest.split()[-1]
    with_sign, without = usual.words[ending] - held, usual.words.get(word, 0)
    if _ABBREVIATED.search(value):
        return without > with_sign
    return without >= with_sign


def _parts(value: str) -> list[str]:
    """The words of a value whose blanks were lost, told by their capitals."""
    cuts = [
        place + 1
        for place, (before, after) in enumerate(pairwise(value))
        if after.isupper() and (before.islower() or before.isdigit())
    ]
    return [value[a:b] for a, b in pairwise([0, *cuts, len(value)])] if cuts else []


def _twin(
    value: str, new: str, counts: Mapping[str, int], bare: Mapping[str, list[str]]
) -> str | None:
    """A more frequent value with the same letters and digits, in the same case if there is one."""
    if counts.get(new, 0) > counts[value]:
        return new
    own = _bare(value)
    same = [other for other in bare[own.casefold()] if counts[other] > 2 * counts[value]]
    return max(same, key=lambda other: (_bare(other) == own, counts[other], other), default=None)
