"""Who was who, along the log: the rosters that hold and the delegations under them."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from ostler.core.errors import NotAllowed
from ostler.core.roster import Roster
from ostler.store import audit, rosters
from ostler.store.ballots import Electorate
from ostler.store.deeds import Signed, check_deed


@dataclass(frozen=True)
class Past:
    """Who was who, along the log."""

    indexes: tuple[int, ...]
    """Of the entries that installed the rosters, in order."""
    found: tuple[Roster, ...]
    delegated: tuple[rosters.Delegated, ...]

    def roster(self, index: int) -> Roster | None:
        """The roster that was in force at an entry; None before the first one."""
        number = bisect_right(self.indexes, index)
        return self.found[number - 1] if number else None

    def at(self, index: int, time: datetime) -> Electorate:
        """Who might vote when an entry was made, at the time that the voter says."""
        roster = self.roster(index)
        if roster is None:
            return Electorate(None, (), unsigned=True, at=time)
        counting = tuple(
            one.delegation
            for one in self.delegated
            if one.at <= time
            and (one.withdrawn_at is None or time < one.withdrawn_at)
            and not rosters.unfit(roster, one.delegation, one.signature, one.delegation.since)
            and not rosters.unfit(roster, one.delegation, one.signature, time)
        )
        return Electorate(roster, counting, unsigned=False, at=time)

    def check_deed(self, index: int, done: Signed) -> None:
        """Raise unless a deed was signed by a key of who did it, by the roster at its entry.

        As `ostler.store.deeds.check_deed`; NotAllowed also where there was no roster yet.
        """
        roster = self.roster(index)
        if roster is None:
            raise NotAllowed(f"there was no roster yet to check by what {done.deed.person} did")
        check_deed(roster, done, done.deed.at)


def past(
    session: Session,
    installed: Sequence[rosters.Installed],
    delegated: tuple[rosters.Delegated, ...] = (),
) -> Past:
    """Who was who by the rosters that hold; under others the last of them counts."""
    entered = [
        entry.index
        for entry in audit.entries(session, subject=rosters.SUBJECT)
        if entry.kind == rosters.INSTALLED
    ][: len(installed)]
    return Past(tuple(entered), tuple(one.roster for one in installed), delegated)
