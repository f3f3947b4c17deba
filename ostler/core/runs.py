"""Runs: one pass of the grooming graph, with all it was given and the digest of each step."""

from datetime import datetime

from ostler.core.base import Frozen
from ostler.core.canonical import Digest, digest_of
from ostler.core.items import Alert


class RunInputs(Frozen):
    """Everything that a run's result depends on. Texts are kept as objects under their digests."""

    dataset: str
    version: int
    reference: int | None = None
    """The version that drift is measured against."""
    contract: Digest
    policy: Digest
    config: Digest
    """Digest of the settings that steer grooming."""
    alert: Alert | None = None
    code: str
    """Version of Ostler."""

    @property
    def digest(self) -> Digest:
        """Two runs with the same inputs have the same digest."""
        return digest_of(self)


class Step(Frozen):
    """One node of the graph, and the digest of what it handed on."""

    name: str
    digest: Digest
    at: datetime
