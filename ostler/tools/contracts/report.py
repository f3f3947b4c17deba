"""What is wrong with a contract, gathered so that all of it is said at once."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from ostler.core.errors import BadInput
from ostler.tools.contracts.keys import suggestion


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
        """Raise BadInput with a line per problem, when there is one."""
        if self.problems:
            lines = [f"{self.source}: {problem}" for problem in dict.fromkeys(self.problems)]
            raise BadInput("\n".join(lines), f"mend {self.source} and try again")
