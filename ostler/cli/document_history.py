"""The versions of a document of the workspace, for a person."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlmodel import Session

    from ostler.cli.opening import Opened
    from ostler.core.documents import DocumentKind
    from ostler.store.activations import Activated


@dataclass(frozen=True)
class Line:
    """A version that was put in force, with who said yes to it and why."""

    number: int
    activated_at: datetime
    proposed_by: str
    approved_by: tuple[str, ...]
    proposal: str
    because: str
    digest: str


def print_history(
    parts: "Opened", document: "DocumentKind", name: str, propose: str, *, as_json: bool
) -> None:
    """All versions, the one in force first; `propose` is the command that asks for one."""
    from ostler.cli.output import print_json, print_table, say
    from ostler.store.activations import versions

    with parts.store.reading() as session:
        lines = [_line(session, one) for one in reversed(versions(session, document, name))]
    if as_json:
        print_json(lines)
    elif lines:
        print_table(
            ("version", "in force since", "proposed by", "approved by", "proposal", "why"),
            [
                (
                    str(line.number),
                    f"{line.activated_at:%Y-%m-%d %H:%M}",
                    line.proposed_by,
                    ", ".join(line.approved_by),
                    line.proposal,
                    line.because,
                )
                for line in lines
            ],
            right=("version",),
            cut=("why",),
        )
    if not lines:
        say(f"no version was ever activated: {propose}")


def _line(session: "Session", version: "Activated") -> Line:
    from ostler.store.proposals import get_proposal

    record = get_proposal(session, version.proposal)
    change = record.proposal.document_change
    return Line(
        number=version.number,
        activated_at=version.activated_at,
        proposed_by=record.proposal.proposer,
        approved_by=tuple(sorted(v.reviewer for v in record.votes if v.decision == "approve")),
        proposal=version.proposal,
        because=change.because if change else "",
        digest=version.digest,
    )
