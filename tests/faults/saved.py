"""A workspace with approved proposals, and the copy that puts it back."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from workbench import Workbench

from ostler.cli.opening import Opened
from ostler.config.workspace import open_workspace
from ostler.core.proposals import Proposal


@dataclass(frozen=True)
class Saved:
    """A workspace with approved proposals, and its copy."""

    root: Path
    copy: Path
    approved: tuple[Proposal, ...]
    base: str
    """Digest of the table's content."""
    whole: str
    """What it is with every patch on it."""

    def restored(self) -> Workbench:
        """The workspace as it was when it was saved."""
        shutil.rmtree(self.root)
        shutil.copytree(self.copy, self.root)
        return Workbench(Opened(open_workspace(self.root)))


def save(bench: Workbench, *approved: Proposal, digest_with: bool = True) -> Saved:
    """Close a workspace and copy it; without `digest_with` what is whole is left to the caller."""
    root = bench.parts.workspace.root
    saved = Saved(
        root=root,
        copy=root.with_name("copy"),
        approved=approved,
        base=bench.digest,
        whole=bench.digest_with(*approved) if digest_with else "",
    )
    bench.parts.close()
    shutil.copytree(root, saved.copy)
    return saved
