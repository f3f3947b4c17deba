"""Words by rule: names that no list holds, of a sound of their own for each seed."""

from random import Random

_STARTS = ("b", "br", "c", "ch", "d", "dr", "f", "fl", "g", "gr", "h", "j", "k", "kl", "l", "m",
           "n", "p", "pr", "qu", "r", "s", "sh", "sk", "st", "t", "tr", "v", "w", "z")  # fmt: skip
_VOWELS = ("a", "e", "i", "o", "u", "ai", "ea", "ou", "ie")
_ACCENTS = ("á", "é", "í", "ó", "ö", "ü", "ñ", "ø", "å")
_ENDS = ("n", "r", "l", "s", "t", "m", "nd", "rt", "ck", "x", "lm", "th")
_STREETS = ("Street", "Avenue", "Road", "Lane", "Square")
_PLACES = ("ton", "ville", " Bay", " Falls", "burg", "field", "", "", "ford", " Hill")


class Words:
    """A seeded language: few sounds, many words."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self._starts = rng.sample(_STARTS, 16)
        self._vowels = [*rng.sample(_VOWELS, 5), rng.choice(_ACCENTS)]
        self._ends = rng.sample(_ENDS, 6)
        self._used: set[str] = set()

    def word(self, syllables: int = 2) -> str:
        """A word in small letters; the same may come back."""
        parts: list[str] = []
        for _ in range(syllables):
            # Accents are rare, as they are in most tables.
            vowel = self.rng.choices(self._vowels, (8, 8, 8, 8, 8, 1))[0]
            parts.append(self.rng.choice(self._starts) + vowel)
        return "".join(parts) + (self.rng.choice(self._ends) if self.rng.random() < 0.6 else "")

    def name(self, syllables: int = 2) -> str:
        """A word with a capital that has not been given before."""
        for _ in range(1000):
            name = self.word(syllables).capitalize()
            if name not in self._used:
                self._used.add(name)
                return name
        return self.name(syllables + 1)

    def place(self) -> str:
        """A town."""
        front = self.rng.choices(("", "North ", "Saint ", "O'"), (12, 1, 1, 1))[0]
        return front + self.name(self.rng.choice((1, 2, 2))) + self.rng.choice(_PLACES)

    def family(self) -> str:
        """A family name."""
        front = self.rng.choices(("", "O'", "Mc", "de "), (15, 1, 1, 1))[0]
        return front + self.name(self.rng.choice((1, 2, 2)))

    def company(self) -> str:
        """A firm."""
        name, other = self.name(), self.name(1)
        return self.rng.choice(
            (f"{name} Company", f"{name} & {other}", f"{name} Limited", f"{name} {other} Works")
        )

    def title(self) -> str:
        """A film, a book, a song."""
        first, second = self.name(), self.name(self.rng.choice((1, 2, 3)))
        return self.rng.choice(
            (
                f"The {first} of {second}",
                f"{first} and {second}",
                f"{second}'s {first}",
                f"A {first}",
                f"{first} {self.rng.randint(2, 4)}",
                f"Last {first} in {second}",
            )
        )

    def street(self) -> str:
        """A street with a number."""
        return f"{self.rng.randint(1, 400)} {self.name()} {self.rng.choice(_STREETS)}"

    def phone(self) -> str:
        """A telephone number with an area code."""
        rng = self.rng
        return f"{rng.randint(201, 989)}-{rng.randint(200, 999)}-{rng.randint(0, 9999):04}"

    def code(self, letters: int, digits: int) -> str:
        """A code such as KD-4821."""
        front = "".join(self.rng.choice("ABCDEFGHKLMNPRSTVWX") for _ in range(letters))
        return f"{front}-{self.rng.randrange(10 ** (digits - 1), 10**digits)}"


def initials(name: str, length: int, taken: set[str]) -> str:
    """A short code of a name that is not taken yet."""
    letters = [char for char in name.upper() if char.isalpha() and char.isascii()]
    for first in range(len(letters)):
        for step in range(1, len(letters)):
            code = "".join(letters[(first + step * i) % len(letters)] for i in range(length))
            if code not in taken:
                taken.add(code)
                return code
    code = f"{name[:1].upper()}{len(taken)}"
    taken.add(code)
    return code
