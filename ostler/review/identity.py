"""Who sits at the desk: by what name and in which roles, and how they sign."""

from collections.abc import Callable, Sequence
from secrets import token_hex

from ostler.core.canonical import Digest, canonical_json
from ostler.core.datasets import Dataset
from ostler.core.deeds import Act, Deed
from ostler.core.errors import NotAllowed, NotFound
from ostler.core.names import same_name
from ostler.core.proposals import Vote
from ostler.store import deeds
from ostler.store.ballots import VOTE, Ballot, Electorate, ballot, roles_on
from ostler.store.deeds import Signed

Sign = Callable[[Sequence[str], str, bytes], str]
"""Signs bytes in a namespace with the first of some keys (public lines) that can be had.

NotFound when none can, Locked when a passphrase is needed first.
"""


Unlock = Callable[[str, str], None]
"""Opens a key (its file) with a passphrase; Locked for a wrong one."""


def no_lock(key: str, passphrase: str) -> None:
    """An `Unlock` for whoever has no key."""


def no_key(lines: Sequence[str], namespace: str, message: bytes) -> str:
    """A `Sign` for whoever has no key."""
    raise NotFound("there is no key to sign with here")


def name_of(who: Electorate, reviewer: str) -> str:
    """A reviewer's name as the roster writes it; NotAllowed for who may not vote by it.

    Where there is no roster it is the name that they give themselves.
    """
    if who.refusal:
        raise NotAllowed(who.refusal, "say who you are: ostler identity init")
    if who.roster is None:
        return reviewer
    member = who.roster.member(reviewer)
    if member is None:
        raise NotAllowed(
            f"{reviewer} is not in the roster", "ask an administrator: ostler identity add"
        )
    if member.kind != "person":
        raise NotAllowed(f"{member.name} is an agent, and agents never vote")
    if not member.keys_at(who.at):
        raise NotAllowed(f"the roster has no key of {member.name} that is valid now")
    return member.name


def somebody_else(who: Electorate, name: str) -> str:
    """What to do about what nobody may approve by that name because it is theirs."""
    if who.roster is None:
        return "somebody else has to approve it"
    mine, people = same_name(name), [m for m in who.roster.members if m.kind == "person"]
    if any(same_name(one.name) != mine and one.keys_at(who.at) for one in people):
        return "somebody else of the roster has to approve it: ostler identity list"
    return "nobody else is in the roster; have somebody added who can: ostler identity add"


def roles_for(
    who: Electorate,
    reviewer: str,
    said: tuple[str, ...],
    dataset: Dataset,
    without: Sequence[str] = (),
) -> tuple[str, ...]:
    """The roles of a reviewer for a dataset: by the roster, and only without one as settings say.

    `without` are people in whose stead they do not act here.
    """
    return said if who.roster is None else roles_on(who, reviewer, dataset, without)


def signed_deed(
    who: Electorate, person: str, act: Act, subject: str, documents: Sequence[Digest], sign: Sign
) -> Signed:
    """What a person does, with their signature where there is a roster to check it by.

    They may be asked for a passphrase or a touch, so no transaction may be open. NotAllowed for who
    is not in the roster, NotFound when none of their keys can be had.
    """
    member = who.roster.member(name_of(who, person)) if who.roster else None
    deed = Deed(
        act=act,
        subject=subject,
        documents=tuple(documents),
        person=member.name if member else person,
        at=who.at,
        nonce=token_hex(16),
    )
    if member is None:
        return deeds.signed(deed, None)
    text = canonical_json(deed).encode()
    return deeds.signed(deed, sign(member.keys_at(who.at), deeds.DEED, text))


def signed(who: Electorate, vote: Vote, sign: Sign) -> Ballot:
    """The vote with its reviewer's signature, where there is a roster to check one by."""
    if who.roster is None:
        return ballot(vote, None)
    member = who.roster.member(vote.reviewer)
    lines = member.keys_at(who.at) if member else ()
    made = ballot(vote, None)
    return ballot(vote, sign(lines, VOTE, made.text.encode()))
