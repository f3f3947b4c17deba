"""What a person sees of classified values: masks, until a role that may read them lifts them.

Lifting is an act of its own and an entry of the log, so that nobody has read a classified value by
scrolling past it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ostler.core.datasets import Dataset
from ostler.core.errors import NotAllowed
from ostler.core.masking import ALL_MASKED, Masks
from ostler.core.masks import is_masked, masked_columns

Classes = Mapping[str, str]
"""By column: its class in the contract."""


def _none(_dataset: str) -> Classes | None:
    return {}


@dataclass(frozen=True)
class Sight:
    """The classes of columns, and who may read which."""

    classes: Callable[[str], Classes | None] = _none
    """By dataset; None when the contract cannot be read, and all its columns are masked then."""
    readers: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    """By class: the roles that may read it."""

    def masks(self, dataset: Dataset, roles: Sequence[str] = ()) -> Masks:
        """What is hidden of a dataset; of that what some roles may read is taken out."""
        classes = self.classes(dataset.name)
        if classes is None:
            return ALL_MASKED
        columns = masked_columns(classes, self.readers, roles)
        return Masks(columns, rows=not columns.isdisjoint(dataset.key))

    def lifted(
        self, dataset: Dataset, columns: Sequence[str], *, person: str, roles: Sequence[str]
    ) -> tuple[Masks, tuple[str, ...]]:
        """What stays hidden once a person lifts the masks of some columns, and those they then see.

        NotAllowed when the person may read none of them. Whoever shows them writes it into the log.
        """
        after = self.masks(dataset, roles)
        shown = tuple(column for column in columns if not after.hides([column]))
        if columns and not shown:
            raise NotAllowed(
                f"{person} may not see {', '.join(map(repr, columns))} of {dataset.name}: "
                f"{self._why(dataset.name, columns)}",
                "a role that `readers` in ostler.yaml names for the class may",
            )
        return after, shown

    def _why(self, dataset: str, columns: Sequence[str]) -> str:
        classes = self.classes(dataset)
        if classes is None:
            return "the contract cannot be read"
        found = sorted({classes[one] for one in columns if is_masked(classes.get(one, ""))})
        return f"classified {', '.join(map(repr, found))}"
