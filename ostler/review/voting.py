"""One person who decides: what policy lets them, and what they sign, votes and deeds."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex

from ostler.core.canonical import Digest
from ostler.core.deeds import Act
from ostler.core.errors import NotAllowed
from ostler.core.names import same_name
from ostler.core.proposals import Change, Proposal, Shown, Vote
from ostler.core.roster import Trust
from ostler.policies.engine import Decision
from ostler.policies.in_force import todays
from ostler.policies.judgement import authorize_vote
from ostler.policies.policyset import PolicySet
from ostler.policies.requests import NO_PACE, DatasetFacts, Pace, Principal
from ostler.review.identity import (
    Sign,
    name_of,
    roles_for,
    signed,
    signed_deed,
    somebody_else,
)
from ostler.review.pacing import pace_at, try_again
from ostler.store import datasets, runs
from ostler.store.ballots import Ballot, Electorate, author_of, electorate
from ostler.store.deeds import Signed
from ostler.store.engine import Store
from ostler.store.pace import cast_lately
from ostler.store.proposals import ProposalRecord


@dataclass(frozen=True)
class Voter:
    """Whoever sits at a desk."""

    store: Store
    policies: PolicySet
    """Those that count as long as none were activated since."""
    reviewer: str
    roles: tuple[str, ...]
    """As the settings say; they count only where votes are not signed."""
    clock: Callable[[], datetime]
    trust: Trust
    sign: Sign

    @property
    def electorate(self) -> Electorate:
        """Who may vote now, and by which keys."""
        with self.store.reading() as session:
            return electorate(session, self.trust, self.clock())

    @property
    def key_lines(self) -> tuple[str, ...]:
        """Public lines of their keys, by the roster; none where it knows none."""
        who = self.electorate
        member = who.roster.member(self.reviewer) if who.roster else None
        return member.keys_at(who.at) if member else ()

    def person(self, dataset: str) -> Principal:
        """They, in the roles that they have for a dataset."""
        who = self.electorate
        with self.store.reading() as session:
            about = datasets.subject(session, dataset)
        roles = roles_for(who, self.reviewer, self.roles, about)
        return Principal(kind="person", name=self.reviewer, roles=roles)

    def authorize(
        self,
        record: ProposalRecord,
        decision: str,
        *,
        paced: bool = False,
        seconds_shown: int | None = None,
    ) -> None:
        """NotAllowed when policy does not let them decide so, or, if `paced`, not now."""
        who, me = self.electorate, same_name(self.reviewer)
        at = who.at
        with self.store.reading() as session:
            dataset = datasets.subject(session, record.proposal.dataset)
            cast = cast_lately(session, lambda name: same_name(name) == me, at=at) if paced else ()
        author = author_of(who, record.proposal)
        name = name_of(who, self.reviewer)
        roles = roles_for(who, self.reviewer, self.roles, dataset, (author,))
        policies = todays(self.store, self.policies, self.trust)

        def ask(pace: Pace) -> Decision:
            return authorize_vote(
                policies,
                person=name,
                roles=roles,
                dataset=DatasetFacts.of(dataset),
                proposer=author,
                decision=decision,
                pace=pace,
            )

        decided = ask(pace_at(cast, at, seconds_shown, at) if paced else NO_PACE)
        if not decided.allowed:
            reasons = "; ".join(decided.reasons)
            hint = try_again(ask, cast, at, seconds_shown) if paced else ""
            if decision == "approve" and me == same_name(author):
                hint = somebody_else(who, name)
            raise NotAllowed(
                f"{self.reviewer} may not {decision} {record.proposal.id}: {reasons}", hint
            )

    def vote(
        self,
        proposal: Proposal,
        digest: Digest,
        decision: str,
        because: str,
        wrong: tuple[Change, ...],
    ) -> Ballot:
        """Their vote on what was shown under a digest, signed where there is a roster.

        A person may be asked for a passphrase or a touch, so no transaction may be open.
        """
        who = self.electorate
        with self.store.reading() as session:
            dataset = datasets.subject(session, proposal.dataset)
            contract = runs.contract_of(session, proposal.run)
        author = author_of(who, proposal)
        vote = Vote.model_validate(
            {
                "proposal": proposal.id,
                "reviewer": name_of(who, self.reviewer),
                "decision": decision,
                # What was on the screen, never what is read now: a changed card is refused.
                "digest": digest,
                "shown": Shown.of(proposal, contract),
                "because": because,
                "wrong": wrong,
                "roles": roles_for(who, self.reviewer, self.roles, dataset, (author,)),
                "at": who.at,
                "nonce": token_hex(16),
            }
        )
        return signed(who, vote, self.sign)

    def deed(self, act: Act, subject: str, *documents: Digest) -> Signed:
        """What they do besides voting, signed where there is a roster.

        A person may be asked for a passphrase or a touch, so no transaction may be open.
        """
        return signed_deed(self.electorate, self.reviewer, act, subject, documents, self.sign)
