"""Votes are counted in three places, and each of them finds the same in the same small world."""

import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pytest
from signing import Office, key_of, line_of
from vote_cases import CASES, ESCALATIONS, FORGOTTEN, LATER, LATER_TAGS, ROSTER, STATED, TAGS, Case
from workbench import Workbench, build

from ostler.cli.add import take
from ostler.cli.opening import now
from ostler.core.canonical import canonical_json
from ostler.core.datasets import Dataset
from ostler.core.masking import NO_MASKS
from ostler.core.proposals import Proposal, Vote
from ostler.core.roster import Delegation
from ostler.core.states import ProposalState as S
from ostler.replay.evidence import scope
from ostler.replay.evidence.bundle import Sealed, bundle
from ostler.replay.evidence.files import Sources
from ostler.replay.evidence.gathering import gather
from ostler.replay.evidence.verify import verify
from ostler.replay.without_votes import unjustified
from ostler.store import ballot_audit, ballots, datasets, proposals, rosters, sshsig, votes
from ostler.store.documents import keep, keep_text
from ostler.store.erasing import Target, erase
from ostler.store.models import DelegationRow, ProposalRow, VoteRow
from ostler.store.projection import Event, add, change
from ostler.store.subtrees import inclusion
from ostler.store.times import stamp
from ostler.store.transitions import state_of


@dataclass
class Polls:
    """All the small worlds in one workspace, and what is found out about each."""

    office: Office
    made: dict[str, Proposal] = field(default_factory=dict[str, Proposal])

    def open(self) -> None:
        """Everybody is there, and every proposal waits."""
        parts = self.office.bench.parts
        for name, tags in TAGS.items():
            take(parts, parts.workspace.root / "people.csv", name, owner="ana", tags=tags)
        self.office.install(*ROSTER)
        lent = self.office.delegate("owen", "sub", "owner")
        again = {"delegate": "second", "nonce": "second", "since": now()}
        self._enter_delegation(lent.model_copy(update=again))
        base = self.office.bench.park(("2", "city", "Lisbxn", "Lisbon"))
        for number, (name, case) in enumerate(CASES.items()):
            verdict = base.verdict.model_copy(
                update={"votes": case.votes, "roles": case.roles, "escalations": ESCALATIONS}
                | {"outcome": case.outcome}
            )
            known = {"dataset": case.dataset, "proposer": case.proposer}
            known |= {"requester": case.requester, "id": f"P-{number:08}"}
            self.made[name] = base.model_copy(update={**known, "verdict": verdict})
            with parts.store.transaction() as session:
                proposals.park(session, self.made[name], S.PARKED, at=now(), actor="groomer")

    def act(self, which: str) -> None:
        """What is done in all of them before, or after, the change."""
        for name, case in CASES.items():
            words: str = getattr(case, which)
            for word in words.split():
                if word == "^":
                    self._escalate(self.made[name])
                elif which == "behind":
                    self._enter_vote(self._vote(name, word))
                else:
                    self._cast(self._vote(name, word), self.made[name], case)

    def change(self) -> None:
        """Somebody leaves, somebody rises, tags come and go, stand-ins are sent home."""
        self.office.install(*LATER)
        with self.office.bench.parts.store.transaction() as session:
            for name, tags in LATER_TAGS.items():
                dataset: Dataset = datasets.get_dataset(session, name)
                new = dataset.model_copy(update={"tags": tags})
                datasets.replace_dataset(session, new, actor="ana", at=now())
            for one in rosters.all_delegations(session):
                rosters.withdraw(session, one.delegation.id, actor="owen", at=now())

    def publish(self) -> None:
        """Somebody leads all of them into the table, whatever was said."""
        with self.office.bench.parts.store.transaction() as session:
            for one in self.made.values():
                event = Event(now(), "executor", "proposal.moved", one.id)
                columns = {"state": S.PUBLISHED.value}
                change(session, event, ProposalRow, (one.id,), columns, only_if={})

    def erase(self) -> None:
        """All that they said is gone, by an entry of the log."""
        with self.office.bench.parts.store.transaction() as session:
            for one in self.made.values():
                erase(session, Target(one.id), because="request 114", actor="ana", at=now())

    def states(self) -> Mapping[str, str]:
        with self.office.bench.parts.store.reading() as session:
            return {name: state_of(session, one.id) for name, one in self.made.items()}

    def audited(self) -> Mapping[str, list[str]]:
        """What the audit of votes finds wrong with each."""
        parts = self.office.bench.parts
        with parts.store.reading() as session:
            found = [(f.subject, f.message) for f in ballot_audit.flaws(session, self.office.trust)]
        found += unjustified(parts.store, parts.objects, parts.patches)
        return {
            name: [message for subject, message in found if subject == one.id]
            for name, one in self.made.items()
        }

    def scripted(self) -> Mapping[str, list[str]]:
        """What the script in a bundle finds wrong with each."""
        parts = self.office.bench.parts
        head = parts.log_key.signed(parts.store, actor="ana", at=now())
        with parts.store.reading() as session:
            asked = scope.since(session, now().replace(year=2000))
            spans = parts.workspace.spans
            sources = Sources(parts.objects, parts.patches, spans, lambda _: NO_MASKS)
            sealed = Sealed(
                head=head,
                key=parts.log_key.public(head),
                proof=lambda index: inclusion(session, index, head.head.size),
                seal=lambda line: parts.log_key.extended(head, line),
            )
            gathered = gather(session, asked, sources)
            packed = bundle(gathered, sealed, by="ana", at=now(), sign=None)
        with zipfile.ZipFile(io.BytesIO(packed)) as file:
            files = {name: file.read(name) for name in file.namelist()}
        problems = verify(files, line_of("ana"), str(sealed.key)).problems
        found = {
            name: [text for text in problems if one.id in text] for name, one in self.made.items()
        }
        assert sorted(problems) == sorted(text for texts in found.values() for text in texts)
        return found

    def _vote(self, name: str, word: str) -> Vote:
        who, decision = word.removeprefix("-"), "reject" if word.startswith("-") else "approve"
        stated = {"decision": decision, "roles": STATED.get(who, ())}
        return self.office.statement(self.made[name], who, **stated)

    def _signature(self, vote: Vote) -> str:
        text = canonical_json(vote).encode()
        return sshsig.sign(key_of(vote.reviewer), ballots.VOTE, text)

    def _cast(self, vote: Vote, made: Proposal, case: Case) -> None:
        with self.office.bench.parts.store.transaction() as session:
            votes.cast(
                session,
                vote,
                votes_needed=case.votes,
                roles_needed=case.roles,
                signature=self._signature(vote),
                trust=self.office.trust,
            )

    def _enter_vote(self, vote: Vote) -> None:
        """Past all checks, as somebody would who writes the log himself."""
        with self.office.bench.parts.store.transaction() as session:
            columns = {
                "proposal": vote.proposal,
                "proposal_digest": vote.digest,
                "reviewer": vote.reviewer,
                "decision": vote.decision,
                "digest": keep_text(session, canonical_json(vote)),
                "at": stamp(vote.at),
                "signature": self._signature(vote),
            }
            event = Event(vote.at, vote.reviewer, "vote.cast", vote.proposal)
            add(session, event, VoteRow, columns)

    def _enter_delegation(self, lent: Delegation) -> None:
        text = canonical_json(lent).encode()
        with self.office.bench.parts.store.transaction() as session:
            columns = {
                "id": lent.id,
                "digest": keep(session, lent),
                "signature": sshsig.sign(key_of(lent.delegator), rosters.DELEGATION, text),
                "at": stamp(lent.since),
            }
            event = Event(lent.since, lent.delegator, "delegation.made", lent.id)
            add(session, event, DelegationRow, columns)

    def _escalate(self, made: Proposal) -> None:
        event = Event(now(), "executor", "proposal.escalated", made.id)
        columns = {"escalated_to": '["lead"]'}
        with self.office.bench.parts.store.transaction() as session:
            change(session, event, ProposalRow, (made.id,), columns, only_if={})


@dataclass(frozen=True)
class Found:
    """What each of the three places says, by case."""

    states: Mapping[str, str]
    audited: Mapping[str, list[str]]
    scripted: Mapping[str, list[str]]
    audited_later: Mapping[str, list[str]]
    """When all of them are erased."""
    scripted_later: Mapping[str, list[str]]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Found]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OSTLER_REVIEWER", "ana")
        bench: Workbench = build(tmp_path_factory.mktemp("polls") / "ws")
        polls = Polls(Office(bench))
        polls.open()
        polls.act("first")
        polls.change()
        polls.act("then")
        states = polls.states()
        polls.publish()
        polls.act("behind")
        before = polls.audited(), polls.scripted()
        polls.erase()
        yield Found(states, *before, polls.audited(), polls.scripted())
        bench.parts.close()


@pytest.mark.parametrize("name", CASES)
def test_a_vote_that_is_cast_approves_when_they_are_enough(found: Found, name: str) -> None:
    assert (found.states[name] == S.APPROVED) is CASES[name].enough


@pytest.mark.parametrize("name", CASES)
def test_the_audit_names_what_was_executed_without_enough(found: Found, name: str) -> None:
    assert (not found.audited[name]) is CASES[name].enough, found.audited[name]


@pytest.mark.parametrize("name", CASES)
def test_a_bundle_s_script_names_it_as_well(found: Found, name: str) -> None:
    assert (not found.scripted[name]) is CASES[name].enough, found.scripted[name]


@pytest.mark.parametrize("name", CASES)
def test_of_what_was_erased_both_go_by_what_the_voters_signed(found: Found, name: str) -> None:
    audited, scripted = found.audited_later[name], found.scripted_later[name]
    case = CASES[name]
    named = not (case.enough or name in FORGOTTEN)
    assert bool(audited) is named, audited
    # What policy alone let through is told from it by the audit, which sees all of the log.
    voted = bool(case.first or case.then or case.behind)
    assert bool(scripted) is (named and voted), scripted
