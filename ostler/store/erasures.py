"""What an entry of the log says was erased: payloads, documents, patches, recorded objects.

The entry is what explains the gap: whatever is gone and stands in none is missed. A payload that
changed a projected row leaves that change behind here, without what people wrote freely, so that
the row can still be derived.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from pydantic import BaseModel, Field, JsonValue

from ostler.core.base import Frozen
from ostler.core.canonical import Digest
from ostler.store.projection import Change

ERASED = "audit.erased"
"""The kind of entry."""


class ErasedPayload(Frozen):
    """An entry whose payload is gone."""

    index: int
    row: Change | None
    """What it did to a row, less the free text."""


class Erasure(Frozen):
    """One erasing, as its entry has it under `detail`."""

    payloads: tuple[ErasedPayload, ...] = ()
    documents: tuple[Digest, ...] = ()
    patches: tuple[Digest, ...] = ()
    objects: tuple[Digest, ...] = ()
    rows: int = Field(default=0, exclude_if=lambda it: not it)
    """Rows that the proposal's patch touched, which count for the day's budget all the same."""
    because: str = Field(min_length=1)

    @property
    def counted(self) -> str:
        """What is gone, for a sentence."""
        parts = (
            ("document", "documents", self.documents),
            ("patch", "patches", self.patches),
            ("object", "objects", self.objects),
            ("payload", "payloads", self.payloads),
        )
        return ", ".join(
            f"{len(gone)} {one if len(gone) == 1 else many}" for one, many, gone in parts if gone
        )


class Erasing(NamedTuple):
    """An erasure and what its entry says beside."""

    actor: str
    subject: str
    erasure: Erasure


class _Said(BaseModel):
    """The payload of an entry; there is a `row` beside the detail where one changed."""

    detail: Erasure


@dataclass(frozen=True)
class Erased:
    """Everything that entries say was erased."""

    payloads: Mapping[int, Change | None] = field(default_factory=dict[int, "Change | None"])
    documents: frozenset[Digest] = frozenset()
    patches: frozenset[Digest] = frozenset()
    objects: frozenset[Digest] = frozenset()


def erasure_in(payload: Mapping[str, JsonValue]) -> Erasure:
    """What an entry of that kind says; ValueError when it makes no sense."""
    return _Said.model_validate(payload).detail


def together(erasures: Mapping[int, Erasure]) -> Erased:
    """All erasures of a log, by the index of their entries; each speaks of what was before it."""
    return Erased(
        {
            payload.index: payload.row
            for index, erasure in sorted(erasures.items())
            for payload in erasure.payloads
            if payload.index < index
        },
        frozenset(one for erasure in erasures.values() for one in erasure.documents),
        frozenset(one for erasure in erasures.values() for one in erasure.patches),
        frozenset(one for erasure in erasures.values() for one in erasure.objects),
    )
