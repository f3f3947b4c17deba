"""What is wrong with a contract, gathered so that all of it is said at once."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from ostler.core.errors import BadInput
from ostler.tools.contracts.keys import suggestion


class Unusable(BadInput):
    """A contract that cannot be used, with a sentence per problem; most begin with their place."""

    def __init__(self, source: str, problems: tuple[str, ...]) -> None:
        self.problems = problems
        lines = "\n".join(f"{source}: {problem}" for problem in problems)
        super().__init__(lines, f"mend {source} and try again")


@dataclass
class Report:
    """Sentences gathered while a contract is read; `raise_problems` ends it."""

    source: str
    problems: list[str] = field(default_factory=list[str])
    unmeasured: list[str] = field(default_factory=list[str])

    def problem(self, sentence: str) -> None:
        """Something that must be mended."""
        self.problems.append(sentence)

    def skip(self, sentence: str) -> None:
        """Something that is fine to write and that Ostler does not measure."""
        self.unmeasured.append(sentence)

    def unknown(self, what: str, word: str, known: Iterable[str]) -> None:
        """A word that is none of those that could stand there."""
        known = list(known)
        tip = suggestion(word, known) or f"; known are {', '.join(known)}"
        self.problem(f"{what}: {word!r} is not known{tip}")

    def raise_problems(self) -> None:
        """Raise Unusable with a line per problem, when there is one."""
        if self.problems:
            raise Unusable(self.source, tuple(dict.fromkeys(self.problems)))
