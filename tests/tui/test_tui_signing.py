"""Signing at the console: silently with an open key, after a passphrase with a locked one."""

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from console_cases import CITY, STATUS
from console_desk import NOW
from console_screen import console, press, screen, status, write

from ostler.core.roster import ADMINISTRATOR, Holding, Key, Member, Roster, Trust
from ostler.core.states import ProposalState
from ostler.review.desk import Desk
from ostler.store import rosters, signers, sshsig


def with_key(desk: Desk, path: Path, passphrase: str) -> Desk:
    """The desk of the administrator of a first roster, whose key is in a file."""
    made = ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", str(path)]
    subprocess.run(made, check=True, timeout=60)
    line = signers.line_beside(path) or ""
    held = (Holding(role=ADMINISTRATOR), Holding(role="owner"))
    member = Member(name="ana", kind="person", keys=(Key(line=line),), roles=held)
    text = rosters.roster_text(Roster(number=1, members=(member,)))
    signature = signers.sign_with_file(path, rosters.ROSTER, text.encode(), lambda _: passphrase)
    with desk.store.transaction() as session:
        rosters.install(session, text, signature, Trust(), actor="ana", at=NOW)
    ring = signers.Keyring([path], only=True)
    return replace(desk, trust=Trust(), sign=ring.sign, unlock=ring.unlock)


async def test_an_open_key_signs_without_a_word(
    make_desk: Callable[..., Desk], tmp_path: Path
) -> None:
    desk = with_key(make_desk([CITY]), tmp_path / "open", "")
    [line] = desk.queue()
    async with console(desk) as pilot:
        assert "UNSIGNED" not in screen(pilot)
        await press(pilot, "a", "enter")
        assert f"{line.id} is approved" in status(pilot)
    [ballot] = desk.card(line.id).record.ballots
    assert ballot.key == sshsig.fingerprint(signers.line_beside(tmp_path / "open") or "")


async def test_a_locked_key_is_opened_once(make_desk: Callable[..., Desk], tmp_path: Path) -> None:
    desk = with_key(make_desk([CITY, STATUS]), tmp_path / "locked", "sesame")
    first, second = (line.id for line in desk.queue())
    async with console(desk, size=(132, 50)) as pilot:
        await press(pilot, "a", "enter")
        assert "Passphrase of locked" in screen(pilot)
        # At the foot: what is about to be signed stays on the screen.
        assert f"{first} " in screen(pilot)
        await press(pilot, "escape")
        assert status(pilot) == "not recorded: it is not signed"
        assert desk.card(first).record.votes == ()
        await press(pilot, "a", "enter")
        await write(pilot, "wrong")
        await press(pilot, "enter")
        assert "that is not the passphrase" in screen(pilot)
        await write(pilot, "sesame")
        assert "sesame" not in screen(pilot)
        await press(pilot, "enter")
        assert f"{first} is approved" in status(pilot)
        # Open for as long as the console is.
        await press(pilot, "a", "enter")
        assert f"{second} is approved" in status(pilot)
    assert desk.card(second).record.state is ProposalState.APPROVED


async def test_votes_without_signatures_are_called_so(desk: Desk) -> None:
    first = desk.queue()[0].id
    async with console(desk, size=(132, 50)) as pilot:
        assert "UNSIGNED ana" in screen(pilot)
        await press(pilot, "a", "enter", "tab")
    assert desk.card(first).record.ballots[0].key == ""
