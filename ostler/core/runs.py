"""Runs: one pass of the grooming graph, with all it was given and the digest of each step."""

from datetime import datetime
from typing import NamedTuple, cast

from pydantic import Field, model_validator

from ostler.core.base import Frozen
from ostler.core.canonical import Digest, digest_of
from ostler.core.items import Alert

MOMENT = "moment"
"""The step that records what policy was told of the moment; it comes before the graph's own."""


class Given(NamedTuple):
    """Something that a run was given, kept as an object."""

    what: str
    digest: Digest
    of_data: bool
    """Whether it may hold values of a table, or what people typed in their place."""


_GIVEN = {
    "facts": True,
    "files": True,
    "contract": False,
    "policy": False,
    "config": False,
    "learned": True,
    "experience": True,
    "recipe": True,
}
"""The inputs that name an object, and whether it is of the data."""


class RunInputs(Frozen):
    """Everything that a run's result depends on. Texts are kept as objects under their digests."""

    dataset: str
    facts: Digest
    """The dataset's own record: owner, value, key, protected columns."""
    version: int
    reference: int | None = None
    """The version that drift is measured against."""
    others: tuple[tuple[str, int], ...] = ()
    """Other datasets that checks read, and their versions."""
    files: Digest = ""
    """Of the list of data files that are read, each with its SHA-256."""
    contract: Digest | None = None
    policy: Digest
    config: Digest
    """Of the settings that steer grooming."""
    model: str = ""
    """Name of the model that was asked, if any; its replies are in the step `propose`."""
    alerts: tuple[Alert, ...] = ()
    """What woke the run, and all that it looks into; empty when the dataset as a whole is."""
    learned: Digest | None = Field(default=None, exclude_if=lambda it: it is None)
    """Of the limits that earlier results taught; left out where no check learns its limits."""
    experience: Digest | None = Field(default=None, exclude_if=lambda it: it is None)
    """Of what people answered to earlier cards; left out where nobody has answered yet."""
    recipe: Digest | None = Field(default=None, exclude_if=lambda it: it is None)
    """Of the recipe that it applies; left out where it applies none."""
    prompts: tuple[tuple[str, Digest], ...] = Field(default=(), exclude_if=lambda it: not it)
    """Name and digest of each text that the model was sent, by name; left out where none was asked.
    Runs of a time before they were recorded used the one that shipped."""
    code: str
    """Version of Ostler."""

    @model_validator(mode="before")
    @classmethod
    def _one_alert(cls, recorded: object) -> object:
        """Runs that were recorded when a run had one alert at most can still be read."""
        if not isinstance(recorded, dict) or "alert" not in recorded:
            return cast("object", recorded)
        rest = dict(cast("dict[str, object]", recorded))
        alert = cast("dict[str, object] | None", rest.pop("alert"))
        kept = {name: value for name, value in (alert or {}).items() if name != "payload"}
        return {**rest, "alerts": (kept,) if kept else ()}

    @property
    def digest(self) -> Digest:
        """Two runs with the same inputs have the same digest."""
        return digest_of(self)

    @property
    def given(self) -> tuple[Given, ...]:
        """The objects that it names."""
        named = ((what, getattr(self, what), of_data) for what, of_data in _GIVEN.items())
        prompts = (Given(f"prompt {name}", digest, of_data=False) for name, digest in self.prompts)
        return (*(Given(*one) for one in named if one[1]), *prompts)


class Step(Frozen):
    """One node of the graph, and the digest of what it handed on."""

    name: str
    digest: Digest
    at: datetime
