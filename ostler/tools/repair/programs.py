"""Edit programs: ways to rewrite a value, learned from pairs of what was and what ought to be.

Each is the answer to one question: if this value was meant to be that one, what of others?
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ostler.core.base import Cell

_TOKEN = re.compile(r"[^\W\d_]+|\d+|.", re.DOTALL)
_NUMBER = re.compile(r"-?(\d+(\.\d*)?|\.\d+)")
_POWERS = (1, 2, 3, 6, -1, -2, -3, -6)
_LONGEST = 200
"""Characters of a value from which a program is learned."""


@dataclass(frozen=True)
class Program:
    """A way to rewrite a value."""

    name: str
    """Programs of one name are the same one."""
    says: str
    """In a few words, as in "values of x are written ..."; shows no value of the data."""
    prior: float
    """How much likelier it is to be meant than others that make the same of one value: log odds."""
    rewrite: Callable[[Cell], Cell]
    """The value itself where the program has nothing to say."""
    whole: bool = False
    """Whether it replaces one value by another one, and does nothing else."""
    old: Cell = None
    """Then, which."""


def programs(old: Cell, new: Cell) -> Iterator[Program]:
    """Every program that makes the one value of the other, the most specific first."""
    yield _whole(old, new)
    if old is None or new is None or max(len(old), len(new)) > _LONGEST:
        return
    for name, says, rewrite in _FIXED:
        if rewrite(old) == new:
            yield Program(name, says, 0.0, _of_text(rewrite))
    for family in (_rearranged, _affix, _part, _scaled):
        program = family(old, new)
        if program is not None and program.rewrite(old) == new:
            yield program


def _whole(old: Cell, new: Cell) -> Program:
    if old is None:
        says = "a missing value stands for one and the same value"
    else:
        says = "one value stands for nothing" if new is None else "one value stands for another one"
    return Program(f"whole {old!r} {new!r}", says, 0.0,
                   lambda text: new if text == old else text, whole=True, old=old)  # fmt: skip


def _of_text(rewrite: Callable[[str], str]) -> Callable[[Cell], Cell]:
    return lambda text: text if text is None else rewrite(text)


def _swapped(text: str) -> str:
    head, comma, tail = text.partition(", ")
    return f"{tail} {head}" if comma and head and tail else text


def _turned(text: str) -> str:
    words = text.split(" ")
    return text if "" in words else " ".join(reversed(words))


def _last_first(text: str) -> str:
    head, blank, tail = text.rpartition(" ")
    return f"{tail}, {head}" if blank and "," not in text else text


_FIXED: tuple[tuple[str, str, Callable[[str], str]], ...] = (
    ("lower", "in small letters", str.lower),
    ("upper", "in capitals", str.upper),
    ("title", "each word with a capital", str.title),
    ("capital", "with one capital at the beginning", str.capitalize),
    ("case", "with capitals and small letters exchanged", str.swapcase),
    ("blanks", "with single blanks, and none at the ends", lambda text: " ".join(text.split())),
    ("no blanks", "without blanks", lambda text: re.sub(r"\s+", "", text)),
    ("ends", "without signs at the ends", lambda text: text.strip(" .,;:!?*#'\"()[]_-\t")),
    ("reversed", "from the last letter to the first", lambda text: text[::-1]),
    ("words", "with the words in reverse order", _turned),
    ("comma", "with what stands behind the comma first", _swapped),
    ("last first", "with the last word first, and a comma", _last_first),
    ("zeros", "without zeros before the number", lambda text: re.sub(r"^0+(?=\d)", "", text)),
    ("fraction", "without zeros behind the point",
     lambda text: re.sub(r"(?<=\d)\.0+$|(\.\d*?[1-9])0+$", r"\1", text)),
    ("groups", "without commas between the digits",
     lambda text: re.sub(r"(?<=\d),(?=\d)", "", text)),
    ("point", "with a point for the comma",
     lambda text: re.sub(r"^(-?\d+),(\d+)$", r"\1.\2", text)),
    ("number", "as the number at the beginning alone",
     lambda text: re.sub(r"^(-?[\d.]*\d)[^\d.].*$", r"\1", text, flags=re.DOTALL)),
    ("plain number", "as the plain number at the beginning alone",
     lambda text: re.sub(r"^(-?\d+)(?:\.0+|(\.\d*?[1-9])0*)?(?:[^\d.].*)?$", r"\1\2", text,
                         flags=re.DOTALL)),
    ("sign", "with the other sign",
     lambda text: text[1:] if re.fullmatch(r"-[\d.]+", text) else
                  f"-{text}" if re.fullmatch(r"[\d.]+", text) else text),
)  # fmt: skip


def _shape(tokens: list[str]) -> tuple[str, ...]:
    return tuple(_sort(token) for token in tokens)


def _sort(token: str) -> str:
    if token.isdigit():
        return "9" * len(token)
    if not token.isalpha() or token.islower():
        return "a" if token.isalpha() else token
    # AB and ABC are codes of two sorts, Abc and Abcd are words.
    return "A" * len(token) if token.isupper() else "Aa"


def _rearranged(old: str, new: str) -> Program | None:
    """The parts of the value in another order, with other signs between them or left out."""
    have, want = _TOKEN.findall(old), _TOKEN.findall(new)
    free = dict[str, list[int]]()
    for place, token in enumerate(have):
        free.setdefault(token, []).append(place)
    parts: list[int | str] = []
    for token in want:
        places = free.get(token, [])
        # A blank or a comma may be the same one or not; a word or number is the same one.
        parts.append(places.pop(0) if places and token.isalnum() else token)
    words = [part for part in parts if isinstance(part, int)]
    if not words or any(isinstance(part, str) and part.isalpha() for part in parts):
        return None
    shape = _shape(have)

    def rewrite(text: Cell) -> Cell:
        if text is None:
            return text
        tokens = _TOKEN.findall(text)
        if len(tokens) != len(shape) or _shape(tokens) != shape:
            return text
        return "".join(tokens[part] if isinstance(part, int) else part for part in parts)

    kind = (
        "fewer" if any(have[n].isalnum() for n in range(len(have)) if n not in words) else "parts"
    )
    return Program(
        f"{kind} {shape} {parts}",
        "with their parts as in the example",
        -0.3 if kind == "fewer" else 0.4,
        rewrite,
    )


def _affix(old: str, new: str) -> Program | None:
    """Something more or less at one end."""
    for longer, shorter, more in ((new, old, True), (old, new, False)):
        if len(longer) <= len(shorter) or not shorter:
            continue
        if longer.endswith(shorter):
            return _at_start(longer[: -len(shorter)], more=more, shape=_ends(old, start=True))
        if longer.startswith(shorter):
            return _at_end(longer[len(shorter) :], more=more, shape=_ends(old, start=False))
    return None


def _ends(text: str, *, start: bool) -> str:
    end = text[0] if start else text[-1]
    return "9" if end.isdigit() else "a" if end.isalpha() else end


def _at_start(piece: str, *, more: bool, shape: str) -> Program:
    def rewrite(text: Cell) -> Cell:
        if not text:
            return text
        if more:
            fits = not text.startswith(piece) and _ends(text, start=True) == shape
            return f"{piece}{text}" if fits else text
        return text.removeprefix(piece) or text

    says = f"{'with' if more else 'without'} the same beginning"
    return Program(f"start {piece!r} {more} {shape}", says, 0.2, rewrite)


def _at_end(piece: str, *, more: bool, shape: str) -> Program:
    def rewrite(text: Cell) -> Cell:
        if not text:
            return text
        if more:
            fits = not text.endswith(piece) and _ends(text, start=False) == shape
            return f"{text}{piece}" if fits else text
        return text.removesuffix(piece) or text

    says = f"{'with' if more else 'without'} the same end"
    return Program(f"end {piece!r} {more} {shape}", says, 0.2, rewrite)


def _part(old: str, new: str) -> Program | None:
    """One piece in the middle for another one: the smallest that differs."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    piece, other = old[start : len(old) - end], new[start : len(new) - end]
    if not piece:
        return None
    return Program(
        f"piece {piece!r} {other!r}",
        "with one piece in place of another",
        -0.3,
        lambda text: text if text is None else text.replace(piece, other),
    )


def _scaled(old: str, new: str) -> Program | None:
    """A number by a power of ten."""
    if not (_NUMBER.fullmatch(old) and _NUMBER.fullmatch(new)) or not float(old) * float(new):
        return None
    power = next((it for it in _POWERS if moved(old, it) == new), 0)
    if not power:
        return None
    return Program(
        f"scale {power} {len(old.split('.')[0])}",
        "with the point elsewhere",
        0.0,
        lambda text: _moved_like(text, power, old),
    )


def _moved_like(text: Cell, power: int, example: str) -> Cell:
    """Moved, when it is a number as large as the example or, with it, beyond the others."""
    if text is None or not _NUMBER.fullmatch(text):
        return text
    same = len(text.split(".")[0]) == len(example.split(".")[0])
    return moved(text, power) if same and float(text) else text


def moved(number: str, power: int) -> str:
    """A plain decimal number with its point moved to the right, or to the left when negative."""
    sign, digits = ("-", number[1:]) if number.startswith("-") else ("", number)
    whole, _, fraction = digits.partition(".")
    if power >= 0:
        fraction = fraction.ljust(power, "0")
        whole, fraction = whole + fraction[:power], fraction[power:]
    else:
        whole = whole.rjust(1 - power, "0")
        whole, fraction = whole[:power], whole[power:] + fraction
    whole = whole.lstrip("0") or "0"
    return f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}"
