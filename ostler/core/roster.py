"""The roster: who is who, by which keys, and in which roles; and who stands in for whom.

A roster is a document that an administrator signs. It names the one before it, so that each is
vouched for by an administrator of the last; the first one is the root of them all.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Literal

from pydantic import Field, model_validator

from ostler.core.base import Frozen
from ostler.core.canonical import Digest, short_id
from ostler.core.names import same_name

ADMINISTRATOR = "administrator"
"""The role of who may sign the next roster; it is held everywhere or not at all."""


class Trust(Frozen):
    """What this machine takes for granted, as its settings say."""

    unsigned_votes: bool = False
    """Whether votes count without a signature; only where no roster was ever installed."""
    root: str = ""
    """Public line of the key that must have signed the first roster; empty: whichever did."""
    people: tuple[str, ...] = ()
    """Whom the settings name, where there is no roster."""


NO_TRUST = Trust()


class Key(Frozen):
    """A public key and when it counts."""

    line: str
    """As `ostler.store.sshsig` names keys: `ssh-ed25519 AAAA...`."""
    valid_after: datetime | None = None
    valid_before: datetime | None = None

    def valid(self, at: datetime) -> bool:
        """Whether it counts at a moment."""
        after, before = self.valid_after, self.valid_before
        return (after is None or after <= at) and (before is None or at < before)


class Holding(Frozen):
    """A role, and for which datasets it is held: named ones, those with a tag, or all."""

    role: str = Field(min_length=1)
    datasets: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    @property
    def everywhere(self) -> bool:
        """Whether it is held for all datasets."""
        return not (self.datasets or self.tags)

    def covers(self, dataset: str, tags: Sequence[str]) -> bool:
        """Whether it is held for a dataset."""
        return self.everywhere or dataset in self.datasets or bool({*self.tags} & {*tags})


class Member(Frozen):
    """A person or an agent."""

    name: str = Field(min_length=1)
    kind: Literal["person", "agent"]
    keys: tuple[Key, ...] = ()
    roles: tuple[Holding, ...] = ()

    def keys_at(self, at: datetime) -> tuple[str, ...]:
        """Public lines of the keys that count at a moment."""
        return tuple(key.line for key in self.keys if key.valid(at))

    def holds(self, role: str) -> bool:
        """Whether a role is held everywhere."""
        return any(one.role == role and one.everywhere for one in self.roles)

    def roles_on(self, dataset: str, tags: Sequence[str]) -> frozenset[str]:
        """The roles that are held for a dataset."""
        return frozenset(one.role for one in self.roles if one.covers(dataset, tags))


class Roster(Frozen):
    """Who is who, from its installation until the next one's."""

    number: int = Field(ge=1)
    previous: Digest = ""
    """Of the text of the one before; empty for the first."""
    members: tuple[Member, ...]

    @model_validator(mode="after")
    def _sound(self) -> "Roster":
        for problem in _unsound(self):
            raise ValueError(problem)
        return self

    def member(self, name: str) -> Member | None:
        """Who bears a name, however it is spelt."""
        sought = same_name(name)
        return next((one for one in self.members if same_name(one.name) == sought), None)

    def holder(self, line: str) -> Member | None:
        """Whose key it is, valid or not."""
        held = (m for m in self.members for key in m.keys if key.line == line)
        return next(held, None)

    def administrators(self, at: datetime) -> tuple[str, ...]:
        """Public lines of the keys that may sign the next roster at a moment."""
        return tuple(
            line
            for member in self.members
            if member.kind == "person" and member.holds(ADMINISTRATOR)
            for line in member.keys_at(at)
        )


def _unsound(roster: Roster) -> Iterator[str]:
    if bool(roster.previous) == (roster.number == 1):
        yield "every roster but the first names the one before it"
    yield from _twice((same_name(one.name) for one in roster.members), "there are two members")
    lines = (key.line for one in roster.members for key in one.keys)
    yield from _twice(lines, "two members have the key")
    for member in roster.members:
        if member.kind == "agent" and member.roles:
            yield f"{member.name} is an agent, and agents hold no roles"
        for held in member.roles:
            if held.role == ADMINISTRATOR and not held.everywhere:
                yield f"{member.name} must be an administrator everywhere or nowhere"
    people = (m for m in roster.members if m.kind == "person" and m.holds(ADMINISTRATOR))
    if not any(member.keys for member in people):
        yield "it needs an administrator with a key"


def _twice(values: Iterable[str], what: str) -> Iterator[str]:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            yield f"{what} {value}"
        seen.add(value)


class Delegation(Frozen):
    """That somebody may act in a role of somebody else's until a day; the delegator signs it."""

    delegator: str
    delegate: str
    role: str
    since: datetime
    until: datetime
    nonce: str

    @property
    def id(self) -> str:
        """Its name, from its content."""
        return short_id("D", self)

    def active(self, at: datetime) -> bool:
        """Whether it counts at a moment."""
        return self.since <= at < self.until


def roles_of(
    roster: Roster,
    delegations: Iterable[Delegation],
    name: str,
    dataset: str,
    tags: Sequence[str],
    *,
    at: datetime,
    without: Iterable[str] = (),
) -> tuple[str, ...]:
    """The roles in which a person acts for a dataset: their own, and where they stand in.

    `without` are people for whom nobody stands in here: who asked for the change, and who votes on
    it themselves. Of several who stand in for one person in one role the first one counts.
    """
    member = roster.member(name)
    if member is None or member.kind != "person":
        return ()
    roles = set(member.roles_on(dataset, tags))
    barred = {same_name(one) for one in without}
    taken: set[tuple[str, str]] = set()
    for one in sorted(delegations, key=lambda each: (each.since, each.id)):
        authority = (same_name(one.delegator), one.role)
        if not one.active(at) or authority in taken:
            continue
        taken.add(authority)
        giver = roster.member(one.delegator)
        if (
            giver is not None
            and same_name(one.delegate) == same_name(name)
            and authority[0] not in barred
            and one.role in giver.roles_on(dataset, tags)
        ):
            roles.add(one.role)
    return tuple(sorted(roles))
