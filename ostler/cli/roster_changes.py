"""The roster in force, and how the next one gets there: signed, installed, votes counted again."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from ostler.cli.keys import asked

if TYPE_CHECKING:
    from ostler.cli.opening import Opened
    from ostler.core.roster import Member, Roster
    from ostler.store.ballots import Electorate
    from ostler.store.rosters import Installed


def electorate_now(parts: "Opened") -> "Electorate":
    """Who can vote now."""
    from ostler.cli.opening import now
    from ostler.store.ballots import electorate

    with parts.store.reading() as session:
        return electorate(session, parts.trust, now())


def roster_in_force(parts: "Opened") -> "Installed | None":
    """The roster in force; None when none was ever installed."""
    from ostler.store.rosters import in_force

    with parts.store.reading() as session:
        return in_force(session, parts.trust)


def roster_needed(parts: "Opened") -> "Installed":
    """The roster in force (NotFound, with how to make the first one)."""
    from ostler.core.errors import NotFound

    found = roster_in_force(parts)
    if found is None:
        raise NotFound("there is no roster yet", "make the first one: ostler identity init")
    return found


def put_next(
    parts: "Opened", before: "Installed", members: "tuple[Member, ...]", out: Path | None
) -> None:
    """The roster that follows, written for another to sign, or signed and installed."""
    from pydantic import ValidationError

    from ostler.cli.output import say
    from ostler.core.errors import BadInput
    from ostler.core.roster import Roster
    from ostler.store.rosters import roster_text

    try:
        made = Roster(number=before.roster.number + 1, previous=before.digest, members=members)
    except ValidationError as error:
        raise BadInput(error.errors()[0]["msg"].removeprefix("Value error, ")) from None
    if out is None:
        sign_and_install(parts, made, None)
        return
    try:
        out.write_text(roster_text(made), encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{out} cannot be written: {error.strerror}") from error
    say(f"next: ssh-keygen -Y sign -n ostler-roster -f ADMINISTRATOR_KEY {out}")
    say(f"then: ostler identity roster install {out} --signature {out}.sig")


def sign_and_install(parts: "Opened", made: "Roster", path: Path | None) -> None:
    """Sign a roster as the administrator at the keyboard, put it in force, keep a copy."""
    from ostler.cli.opening import now
    from ostler.store.rosters import ROSTER, roster_text
    from ostler.store.signers import sign_with_file

    text = roster_text(made)
    asked(parts)
    if path is not None:
        signature = sign_with_file(path.with_suffix(""), ROSTER, text.encode(), parts.keyring.ask)
    else:
        before = roster_needed(parts).roster
        signature = parts.keyring.sign(before.administrators(now()), ROSTER, text.encode())
    install_text(parts, text, signature)


def install_text(parts: "Opened", text: str, signature: str) -> None:
    """Put a signed roster in force, and a copy of it into the workspace."""
    from ostler.cli.opening import now
    from ostler.cli.output import say
    from ostler.cli.wording import count
    from ostler.store.rosters import install
    from ostler.store.votes import recount

    with parts.store.transaction() as session:
        me, at = parts.workspace.reviewer, now()
        found = install(session, text, signature, parts.trust, actor=me, at=at)
        again = recount(session, parts.trust, actor=me, at=at)
    copy = parts.workspace.roster
    copy.write_text(text, encoding="utf-8")
    copy.with_name(f"{copy.name}.sig").write_text(signature, encoding="utf-8")
    kinds = Counter(member.kind for member in found.roster.members)
    who = f"{count(kinds['person'], 'person', 'people')} and {count(kinds['agent'], 'agent')}"
    say(f"roster {found.roster.number} is in force: {who}")
    tell_parked(again)


def tell_parked(proposals: tuple[str, ...]) -> None:
    """Say which proposals wait again."""
    from ostler.cli.output import say

    for name in proposals:
        say(f"{name} waits again: its votes no longer suffice")
