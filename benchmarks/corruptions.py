"""Errors that a single value can have.

Each function takes the clean value and two random sources: `kind` decides what sort of error it is,
`rng` where in the value it strikes. A systematic error hands the same `kind` to every cell that it
strikes, a random one a fresh one. A value that cannot have the error comes back as it is.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from random import Random

Corruption = Callable[[str, Random, Random], str]

_ROWS = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")
_OCR = (("rn", "m"), ("m", "rn"), ("cl", "d"), ("d", "cl"), ("l", "1"), ("o", "0"), ("s", "5"),
        ("e", "c"), ("i", "l"), ("u", "v"), ("h", "b"), ("B", "8"), ("S", "5"), ("O", "0"),
        ("0", "O"), ("1", "l"), ("5", "S"), ("8", "B"))  # fmt: skip
_TEXT_HOLES = ("N/A", "n/a", "NA", "-", "--", "?", "unknown", "Unknown", "none", "null", "NULL",
               "not available", "TBD", "empty", "xxx")  # fmt: skip
_NUMBER_HOLES = ("999", "9999", "-1", "-999", "99999", "0", "N/A", "-", "unknown")
_DATE_HOLES = ("1900-01-01", "9999-12-31", "0000-00-00", "1970-01-01", "N/A", "-", "unknown")
_DATES = ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y/%m/%d", "%d-%b-%Y", "%b %d, %Y", "%Y%m%d",
          "%d %B %Y", "%m-%d-%y")  # fmt: skip
_UNITS = ("kg", "g", "km", "m", "cm", "pcs", "units", "EUR", "USD", "l", "ml", "h", "min")


def _neighbours() -> dict[str, str]:
    places = {char: (y, x) for y, row in enumerate(_ROWS) for x, char in enumerate(row)}
    return {
        char: "".join(
            other
            for other, (b, a) in places.items()
            if other != char and abs(y - b) <= 1 and abs(x - a) <= 1
            and other.isdigit() == char.isdigit()
        )
        for char, (y, x) in places.items()
    }  # fmt: skip


NEIGHBOURS = _neighbours()


def _place(value: str, rng: Random, fits: Callable[[str], bool] = str.isalnum) -> int | None:
    places = [place for place, char in enumerate(value) if fits(char)]
    return rng.choice(places) if places else None


def _neighbour(value: str, _kind: Random, rng: Random) -> str:
    at = _place(value, rng, lambda char: char.lower() in NEIGHBOURS)
    if at is None:
        return value
    new = rng.choice(NEIGHBOURS[value[at].lower()])
    return value[:at] + (new.upper() if value[at].isupper() else new) + value[at + 1 :]


def _ocr(value: str, kind: Random, rng: Random) -> str:
    for old, new in kind.sample(_OCR, len(_OCR)):
        places = [at for at in range(len(value)) if value.startswith(old, at)]
        if places:
            at = rng.choice(places)
            return value[:at] + new + value[at + len(old) :]
    return value


def _doubled(value: str, _kind: Random, rng: Random) -> str:
    at = _place(value, rng)
    return value if at is None else value[:at] + value[at] + value[at:]


def _dropped(value: str, _kind: Random, rng: Random) -> str:
    at = _place(value, rng)
    return value if at is None or len(value) < 3 else value[:at] + value[at + 1 :]


def _swapped(value: str, _kind: Random, rng: Random) -> str:
    places = [at for at in range(len(value) - 1) if value[at : at + 2].isalpha()
              and value[at] != value[at + 1]]  # fmt: skip
    if not places:
        return value
    at = rng.choice(places)
    return value[:at] + value[at + 1] + value[at] + value[at + 2 :]


def _overtyped(value: str, kind: Random, rng: Random) -> str:
    letter = kind.choice("xzqj*")
    at = _place(value, rng, str.isalpha)
    return value if at is None else value[:at] + letter + value[at + 1 :]


_TYPOS = (_neighbour, _ocr, _doubled, _dropped, _swapped, _overtyped)


def typo(value: str, kind: Random, rng: Random) -> str:
    """A slip of the finger or of the reader: one character wrong, doubled, lost or misplaced."""
    return kind.choice(_TYPOS)(value, kind, rng)


def missing(_value: str, _kind: Random, _rng: Random) -> str:
    """Nothing where something was."""
    return ""


def text_hole(_value: str, kind: Random, _rng: Random) -> str:
    """A word that stands for nothing."""
    return kind.choice(_TEXT_HOLES)


def number_hole(_value: str, kind: Random, _rng: Random) -> str:
    """A number or word that stands for nothing."""
    return kind.choice(_NUMBER_HOLES)


def date_hole(_value: str, kind: Random, _rng: Random) -> str:
    """A date or word that stands for nothing."""
    return kind.choice(_DATE_HOLES)


def outlier(value: str, kind: Random, rng: Random) -> str:
    """A number of another scale or sign, or out of all proportion."""
    number, rest = _number(value)
    if number is None:
        return value
    factors = (10, 100, 1000, Decimal("0.1"), Decimal("0.01"), Decimal("0.001"), -1)
    way = kind.randrange(len(factors) + 1)
    if way == len(factors):
        return _plain(number * rng.randint(15, 60) + rng.randint(100, 900), number) + rest
    return _plain(number * factors[way], number) + rest


def _number(value: str) -> tuple[Decimal | None, str]:
    digits = value.rstrip("% ").rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZµ°² ")
    try:
        return Decimal(digits), value[len(digits) :]
    except InvalidOperation:
        return None, ""


def _plain(number: Decimal, like: Decimal) -> str:
    exponent = like.as_tuple().exponent
    places = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    # Dividing a whole number gives decimals; hiding them would make another number of it.
    return f"{number:f}" if number.as_tuple().exponent == exponent else _trimmed(number, places)


def _trimmed(number: Decimal, places: int) -> str:
    text = f"{number:f}"
    whole, _, decimals = text.partition(".")
    decimals = decimals.rstrip("0").ljust(places, "0")
    return f"{whole}.{decimals}" if decimals else whole


def number_format(value: str, kind: Random, _rng: Random) -> str:
    """The same number, written as another place or program would."""
    number, rest = _number(value)
    if number is None:
        return value
    whole, _, decimals = value[: len(value) - len(rest)].partition(".")
    point = f".{decimals}" if decimals else ""
    forms = (
        f"{int(whole):,}{point}",
        f"{int(whole):,}{point}".replace(",", " "),
        f"{whole},{decimals}" if decimals else f"{whole},0",
        f"{whole}.0" if not decimals else f"{whole}.{decimals}00",
        f"00{whole}{point}" if not whole.startswith("-") else value,
        f"{number:.6e}",
        f"~{whole}{point}",
    )
    return kind.choice(forms) + rest


def unit(value: str, kind: Random, _rng: Random) -> str:
    """A unit where none belongs, percent for a share, or the unit written otherwise or lost."""
    number, rest = _number(value)
    if number is None:
        return value
    digits = value[: len(value) - len(rest)]
    name = rest.strip()
    if name:
        ways = (digits, f"{digits} {name}.", f"{digits} {name.upper()}", f"{digits}{name}",
                f"{digits} {name}s", f"{name} {digits}", f"{digits}  {name}")  # fmt: skip
        return kind.choice(ways)
    way = kind.choice(("percent", "behind", "attached"))
    if way == "percent" and abs(number) <= 1:
        return f"{_trimmed(number * 100, 0)}%"
    gap = " " if way == "behind" else ""
    return f"{digits}{gap}{'%' if way == 'percent' else kind.choice(_UNITS)}"


def date_format(value: str, kind: Random, _rng: Random) -> str:
    """The same date, in another order or style."""
    day, rest = value[:10], value[10:]
    try:
        return datetime.strptime(day, "%Y-%m-%d").strftime(kind.choice(_DATES)) + rest  # noqa: DTZ007
    except ValueError:
        return value


def case(value: str, kind: Random, _rng: Random) -> str:
    """Capitals where there were none, or the other way round."""
    return kind.choice((str.upper, str.lower, str.title, str.swapcase))(value)


def spacing(value: str, kind: Random, _rng: Random) -> str:
    """Blanks, stops and signs that creep in. Not at the ends alone: nobody would see those."""
    ways = (("  ", ""), ("\u00a0", ""), ("_", ""), ("", ""), (" ", "."), (" ", " ."), (" ", ","),
            ("-", ""))  # fmt: skip
    gap, end = kind.choice(ways)
    return value.replace(" ", gap) + end


def phone(value: str, kind: Random, _rng: Random) -> str:
    """The same number, grouped as others do, or with its country lost or written otherwise."""
    digits = "".join(char for char in value if char.isdigit())
    if len(digits) < 7:
        return value
    last, middle, first = digits[-4:], digits[-7:-4], digits[:-7]
    ways = (
        digits,
        f"({first}) {middle}-{last}",
        f"{first}.{middle}.{last}",
        f"{first} {middle} {last}",
        f"+{digits}",
        f"00{digits}",
        f"{middle}-{last}",
        f"tel. {value}",
    )
    return kind.choice(ways)


def swapped_digits(value: str, _kind: Random, rng: Random) -> str:
    """Two neighbouring digits changed places."""
    places = [at for at in range(len(value) - 1) if value[at : at + 2].isdigit()
              and value[at] != value[at + 1]]  # fmt: skip
    if not places:
        return value
    at = rng.choice(places)
    return value[:at] + value[at + 1] + value[at] + value[at + 2 :]


def reversed_text(value: str, kind: Random, _rng: Random) -> str:
    """The letters back to front, or the last word before the first."""
    words = value.split(" ")
    if len(words) == 1 or kind.random() < 0.5:
        return value[::-1]
    if kind.random() < 0.5:
        return f"{words[-1]}, {' '.join(words[:-1])}"
    return " ".join(reversed(words))


def encoding(value: str, kind: Random, _rng: Random) -> str:
    """Text that went through a program of another alphabet."""
    ways: tuple[Callable[[str], str], ...] = (
        lambda text: text.encode("utf-8").decode("latin-1"),
        lambda text: text.encode("utf-8").decode("cp1252", "replace"),
        lambda text: text.encode("utf-8").decode("latin-1").encode("utf-8").decode("latin-1"),
        lambda text: text.encode("ascii", "replace").decode(),
        lambda text: text.encode("ascii", "xmlcharrefreplace").decode().replace("'", "&#39;"),
        lambda text: text.encode("ascii", "replace").decode().replace("?", "\ufffd"),
        lambda text: text.replace("&", "&amp;").replace("'", "&#39;"),
    )
    damaged = kind.choice(ways)(value.replace("'", "\u2019") if kind.random() < 0.5 else value)
    # A line end inside a cell would be another sort of damage.
    return "".join(char if char.isprintable() else "\ufffd" for char in damaged)


_SHORT = (("Street", "St"), ("Avenue", "Ave"), ("Road", "Rd"), (" and ", " & "), ("Saint", "St."),
          ("North", "N"), ("South", "S"), ("Company", "Co."), ("Limited", "Ltd"),
          ("University", "Univ."), ("Hospital", "Hosp."), ("Centre", "Ctr"))  # fmt: skip


def alias(value: str, kind: Random, _rng: Random) -> str:
    """Another name that people use for the same thing."""
    short = value
    for long, brief in _SHORT:
        short = short.replace(long, brief)
    words = value.split(" ")
    several = len(words) > 1
    ways = (
        short,
        f"{words[0][:1]}. {' '.join(words[1:])}" if several else f"{value[:4]}.",
        "".join(word[:1] for word in words).upper() if several else value[:3].upper(),
        f"The {value}" if several else f"{value} (main)",
        words[0] if several else value[:1] + "".join(c for c in value[1:] if c not in "aeiou"),
    )
    return kind.choice(ways)


def varied(value: str, others: list[str], rng: Random) -> str:
    """What a source that is wrong would say: near in number and time, another value in words."""
    number, rest = _number(value)
    if number is not None:
        share = Decimal(rng.choice((-15, -8, -3, -1, 1, 2, 5, 10, 20))) / 100
        return _near(number, number * (1 + share)) + rest
    for form in ("%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d", "%H:%M"):
        try:
            moment = datetime.strptime(value, form)  # noqa: DTZ007
        except ValueError:
            continue
        step = timedelta(days=1) if form.endswith("%d") else timedelta(minutes=1)
        return (moment + rng.choice((-30, -12, -5, -2, 2, 4, 10, 25, 45)) * step).strftime(form)
    return rng.choice(others)


def _near(number: Decimal, new: Decimal) -> str:
    exponent = number.as_tuple().exponent
    places = max(0, -exponent) if isinstance(exponent, int) else 0
    text = f"{new:.{places}f}"
    return text if Decimal(text) != number else f"{number + (Decimal(10) ** -places):f}"
