"""A stage: patches put on one snapshot of a table, one after the other, before anything is written.

What the snapshot knows of a proposal is asked here as well: the table is the arbiter.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from deltalake import DeltaTable

from ostler.core.errors import InternalError
from ostler.tables.delta import VersionedTable, transaction_of, view_of_handle
from ostler.tables.layout import Layout
from ostler.tables.patches import Patch, Stale, compose, empty_patch
from ostler.tables.stacking import stacked
from ostler.tables.staging import apply, obstacle, outgrown, overlay
from ostler.tables.view import View

APPLIED, REVOKED = 1, 2
"""What a table's transaction under a proposal's id says of it."""


@dataclass(frozen=True)
class Stage:
    """Patches staged, one after the other, on one snapshot of a table; nothing is written."""

    table: VersionedTable
    handle: DeltaTable
    base: View
    view: View
    patch: Patch
    """All of them as one."""
    patches: int = 0
    """How many there are."""

    def standing(self, proposal: str) -> int | None:
        """What the snapshot knows of a proposal: APPLIED, REVOKED, or None for nothing."""
        return self.handle.transaction_version(transaction_of(proposal))

    def view_of(self, layout: Layout, name: str, files: Iterable[str]) -> View:
        """The rows of some data files."""
        return file_view(self.base, layout, name, files)

    @property
    def bare(self) -> "Stage":
        """The same snapshot with nothing on it."""
        return Stage(self.table, self.handle, self.base, self.base, empty_patch())

    def with_patch(self, patch: Patch) -> "Stage":
        """The stage with one more patch on it; raises Stale when it no longer fits."""
        staged, [stale] = self.with_patches([patch])
        if stale:
            raise stale
        return staged

    def with_patches(self, patches: Sequence[Patch]) -> "tuple[Stage, tuple[Stale | None, ...]]":
        """The stage with those on it, in this order, that fit; and why each of the others did not.

        The table is read once, whatever their number. A change of columns goes alone.
        """
        if self.patch.shape is not None or (len(patches) > 1 and any(p.shape for p in patches)):
            raise InternalError("a change of columns goes alone into a commit")
        reasons = [obstacle(patch, self.base) for patch in patches]
        fitting = [p for p, because in zip(patches, reasons, strict=True) if not because]
        whole, moved = self._stacked(fitting)
        staged = replace(
            self,
            view=overlay(whole, self.base),
            patch=whole,
            patches=self.patches + sum(stale is None for stale in moved),
        )
        found = iter(moved)
        return staged, tuple(outgrown(why) if why else next(found) for why in reasons)

    def _stacked(self, patches: Sequence[Patch]) -> "tuple[Patch, tuple[Stale | None, ...]]":
        if not any(patch.shape for patch in patches):
            return stacked(self.patch, patches, self.base)
        [patch] = patches
        try:
            apply(patch, self.base)
        except Stale as stale:
            return self.patch, (stale,)
        return compose(self.patch, patch), (None,)


def open_stage(table: VersionedTable, version: int | None = None) -> Stage:
    """A stage on the newest snapshot of a table, with nothing on it yet."""
    handle = table.handle(version)
    base = view_of_handle(handle, table.key)
    return Stage(table, handle, base, base, empty_patch())


def file_view(view: View, layout: Layout, name: str, files: Iterable[str]) -> View:
    """The rows of some data files, over the connection of a view of their table."""
    layout.create_view(view.connection, name, files)
    return View(view.connection, name, view.columns, view.key, view.version)
