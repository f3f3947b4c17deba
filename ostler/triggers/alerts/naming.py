"""Which dataset of ours a monitor means: by its exact name, or by an alias in the settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from ostler.core.errors import BadInput


@dataclass(frozen=True)
class Names:
    """The names that alerts may use."""

    datasets: frozenset[str]
    aliases: Mapping[str, Sequence[str]]
    """By dataset: what monitors call it, with * and ?."""

    def dataset(self, said: Sequence[str]) -> str:
        """The dataset that the first of some names that is known means (BadInput)."""
        for name in said:
            if name in self.datasets:
                return name
        for name in said:
            found = self._alias(name)
            if len(found) > 1:
                raise BadInput(
                    f"the name {name[:100]!r} means several datasets: {', '.join(found[:5])}",
                    "make their alert_names in ostler.yaml say which",
                )
            if found:
                return found[0]
        if not said:
            raise BadInput(
                "it does not say which dataset it is about",
                "give the name with ?dataset= or --dataset, or in the alert itself",
            )
        names = ", ".join(repr(name[:100]) for name in said[:3])
        raise BadInput(
            f"unknown dataset: {names}",
            "ostler add it, or list this name under datasets: NAME: alert_names: in ostler.yaml",
        )

    def _alias(self, said: str) -> list[str]:
        """Datasets that have the name as an alias; one that is spelled out goes before patterns."""
        known = sorted(self.datasets & set(self.aliases))
        exact = [name for name in known if said in self.aliases[name]]
        return exact or [
            name for name in known if any(fnmatchcase(said, one) for one in self.aliases[name])
        ]
