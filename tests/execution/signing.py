"""People with keys of their own, a roster that names them, and their desks."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from workbench import Workbench

from ostler.cli.opening import now
from ostler.core.canonical import canonical_json
from ostler.core.errors import NotFound
from ostler.core.proposals import Proposal, Shown, Vote
from ostler.core.roster import ADMINISTRATOR, Delegation, Holding, Key, Member, Roster, Trust
from ostler.core.states import ProposalState
from ostler.execution.context import ExecutionContext
from ostler.replay.verification import verify_workspace
from ostler.review.desk import Desk
from ostler.store import ballots, rosters, sshsig, votes

TRUST = Trust()
"""A machine that takes nothing for granted: no vote counts unsigned."""


def key_of(name: str) -> Ed25519PrivateKey:
    """The same key for the same name."""
    return Ed25519PrivateKey.from_private_bytes(name.encode().ljust(32, b".")[:32])


def line_of(name: str) -> str:
    return sshsig.public_line(key_of(name))


def person(name: str, *roles: str, **limits: datetime) -> Member:
    held = tuple(Holding(role=role) for role in roles)
    return Member(name=name, kind="person", keys=(Key(line=line_of(name), **limits),), roles=held)


def signer(name: str):
    """A `Sign` with one person's key, whatever else the roster knows."""

    def sign(lines: Sequence[str], namespace: str, message: bytes) -> str:
        if line_of(name) not in lines:
            raise NotFound("it is not my key")
        return sshsig.sign(key_of(name), namespace, message)

    return sign


@dataclass
class Office:
    """A workbench where votes are signed."""

    bench: Workbench
    trust: Trust = TRUST
    members: tuple[Member, ...] = field(default=())

    def __post_init__(self) -> None:
        self.members = (
            person("ana", ADMINISTRATOR, "owner"),
            person("ben", "steward"),
            person("cy"),
            Member(name="planner", kind="agent", keys=(Key(line=line_of("planner")),)),
        )
        self.install(*self.members)

    def text(self, *members: Member) -> str:
        with self.bench.parts.store.reading() as session:
            before = rosters.in_force(session, self.trust)
        number, previous = (before.roster.number + 1, before.digest) if before else (1, "")
        return rosters.roster_text(Roster(number=number, previous=previous, members=members))

    def install(self, *members: Member, by: str = "ana") -> None:
        text = self.text(*members)
        signature = sshsig.sign(key_of(by), rosters.ROSTER, text.encode())
        with self.bench.parts.store.transaction() as session:
            rosters.install(session, text, signature, self.trust, actor=by, at=now())

    def delegate(self, giver: str, taker: str, role: str, **lasting: float) -> Delegation:
        at = now()
        made = Delegation(
            delegator=giver,
            delegate=taker,
            role=role,
            since=at,
            until=at + timedelta(**(lasting or {"days": 9})),
            nonce=f"{giver}{taker}{role}",
        )
        text = canonical_json(made).encode()
        signature = sshsig.sign(key_of(giver), rosters.DELEGATION, text)
        with self.bench.parts.store.transaction() as session:
            found = rosters.in_force(session, self.trust)
            assert found is not None
            rosters.delegate(session, found.roster, made, signature, at=at)
        return made

    def desk(self, name: str) -> Desk:
        desk = self.bench.parts.desk
        return replace(desk, reviewer=name, trust=self.trust, sign=signer(name))

    @property
    def context(self) -> ExecutionContext:
        return replace(self.bench.context, trust=self.trust)

    def context_of(self, name: str) -> ExecutionContext:
        """Where somebody asks for something."""
        return replace(self.context, sign=signer(name))

    def approve(self, name: str, proposal: Proposal) -> ProposalState:
        desk = self.desk(name)
        return desk.approve(desk.card(proposal.id))

    def reject(self, name: str, proposal: Proposal) -> ProposalState:
        desk = self.desk(name)
        return desk.reject(desk.card(proposal.id), "it is wrong")

    def statement(self, proposal: Proposal, reviewer: str, **other: object) -> Vote:
        """A vote as somebody's desk would make it, or with something else in it."""
        said: dict[str, object] = {
            "proposal": proposal.id,
            "reviewer": reviewer,
            "decision": "approve",
            "digest": proposal.digest,
            "shown": Shown.of(proposal),
            "at": now(),
            "nonce": "0" * 32,
            **other,
        }
        return Vote.model_validate(said)

    def cast(self, vote: Vote, key: str, namespace: str = ballots.VOTE) -> ProposalState:
        """Hand a statement in with a signature by some key, past the desk."""
        signature = sshsig.sign(key_of(key), namespace, canonical_json(vote).encode())
        return self.hand_in(vote, signature)

    def hand_in(self, vote: Vote, signature: str | None) -> ProposalState:
        with self.bench.parts.store.transaction() as session:
            return votes.cast(
                session,
                vote,
                votes_needed=1,
                roles_needed=(),
                signature=signature,
                trust=self.trust,
            )

    def faults(self, trust: Trust | None = None) -> tuple[str, ...]:
        parts = self.bench.parts
        found = verify_workspace(
            parts.store, parts.objects, parts.patches, parts.datasets(), trust=trust or self.trust
        )
        return tuple(f"{fault.subject}: {fault.message}" for fault in found)
