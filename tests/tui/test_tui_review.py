"""Deciding at the console: what the keys do to the store."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from console_cases import AMOUNT, CITY, DUPLICATE, PROTECTED, STATUS
from console_desk import NOW, TWO_VOTES, colleague, park_case
from console_screen import console, paste, press, screen, settle, status, write
from textual.events import Key
from textual.pilot import Pilot

from ostler.core.errors import Conflict
from ostler.core.proposals import Vote
from ostler.core.states import ProposalState
from ostler.review.desk import Desk
from ostler.review.shown import Card
from ostler.store.transitions import move
from ostler.tui.keys import KEYS
from ostler.tui.state import opened_on

P = ProposalState
MakeDesk = Callable[..., Desk]


def ids(desk: Desk) -> list[str]:
    return [line.id for line in desk.queue()]


def state(desk: Desk, proposal: str) -> ProposalState:
    return desk.card(proposal).record.state


def votes(desk: Desk, proposal: str) -> tuple[Vote, ...]:
    return desk.card(proposal).record.votes


async def test_an_approval_is_a_vote_on_what_was_shown(desk: Desk) -> None:
    first, second, *_ = ids(desk)
    digest = desk.card(first).record.digest
    async with console(desk) as pilot:
        await press(pilot, "a")
        assert f"Approve {first}: 3 cells of customers, digest {digest[:8]}?" in screen(pilot)
        assert votes(desk, first) == ()
        await press(pilot, "enter")
        assert f"{first} is approved; it waits for `ostler work`" in status(pilot)
        assert f"> {second}" not in screen(pilot)
        assert f"{second} · orders@3 · parked" in screen(pilot)
    [vote] = votes(desk, first)
    assert (vote.decision, vote.digest, vote.reviewer) == ("approve", digest, "ana")
    assert state(desk, first) is P.APPROVED


async def test_nothing_is_decided_on_arrival(desk: Desk) -> None:
    async with console(desk) as pilot:
        assert pilot.app.focused is None
        await press(pilot, "enter", "enter", "space", "escape")
        assert "4 pending" in screen(pilot)
    assert desk.counts()[P.PARKED] == 4


async def test_escape_takes_an_approval_back(desk: Desk) -> None:
    async with console(desk) as pilot:
        await press(pilot, "a", "j", "q", "escape")
        assert status(pilot) == "not approved"
        assert "1 of 4" not in status(pilot)
        await press(pilot, "j")
        assert status(pilot).startswith("2 of 4")
    assert desk.counts()[P.PARKED] == 4


async def test_a_rejection_needs_a_reason(desk: Desk) -> None:
    first = ids(desk)[0]
    async with console(desk) as pilot:
        await press(pilot, "r", "enter")
        assert "a rejection needs a reason" in screen(pilot)
        await write(pilot, "  ")
        await press(pilot, "enter")
        assert state(desk, first) is P.PARKED
        await write(pilot, "zip is wrong")
        await press(pilot, "enter")
        assert status(pilot) == f"{first} is rejected"
    [vote] = votes(desk, first)
    assert (vote.decision, vote.because) == ("reject", "zip is wrong")
    assert state(desk, first) is P.REJECTED


async def test_a_rejection_can_be_cancelled(desk: Desk) -> None:
    async with console(desk) as pilot:
        await press(pilot, "r")
        await write(pilot, "aaa")
        await press(pilot, "escape")
        assert status(pilot) == "not rejected"
    assert desk.counts()[P.PARKED] == 4


async def test_what_is_pasted_into_a_reason_cannot_hide_anything(desk: Desk) -> None:
    first = ids(desk)[0]
    async with console(desk) as pilot:
        await press(pilot, "r")
        await paste(pilot, "not\x1b[31m \u202eso\u200b")
        await press(pilot, "enter")
    assert votes(desk, first)[0].because == "not[31m so"


@dataclass(frozen=True)
class GatedDesk(Desk):
    """A desk whose cards come when the gate is open."""

    gate: threading.Event = field(default_factory=threading.Event)

    def card(self, proposal: str) -> Card:
        self.gate.wait(30)
        return super().card(proposal)


async def test_a_card_that_is_not_there_yet_cannot_be_approved(desk: Desk) -> None:
    gated = GatedDesk(**{name: getattr(desk, name) for name in desk.__dataclass_fields__})
    gated.gate.set()
    async with console(gated) as pilot:
        gated.gate.clear()
        await pilot.press("j", "a")
        await pilot.pause()
        assert status(pilot) == "the card is not there yet; press the key again when you see it"
        await pilot.press("enter")
        await pilot.pause(0.3)
        assert "reading P-" in screen(pilot)
        gated.gate.set()
        await settle(pilot)
    assert desk.counts()[P.PARKED] == 4


async def test_a_card_that_comes_late_does_not_stand_beside_another_line(desk: Desk) -> None:
    first, second, *_ = ids(desk)
    gated = GatedDesk(**{name: getattr(desk, name) for name in desk.__dataclass_fields__})
    gated.gate.set()
    async with console(gated) as pilot:
        gated.gate.clear()
        await pilot.press("j")
        await pilot.pause(0.3)
        assert f"reading {second}" in screen(pilot)
        pilot.app.post_message(Key("k", "k"))
        gated.gate.set()
        await settle(pilot)
        assert status(pilot).startswith("1 of 4")
        assert f"{first} · customers@3" in screen(pilot)


async def burst(pilot: Pilot[None], *keys: str) -> None:
    """Many keys at once, as a slow line delivers them."""
    for key in keys:
        pilot.app.post_message(Key(key, key if len(key) == 1 else None))
    await settle(pilot)


async def test_a_reason_that_arrives_in_one_burst_is_a_reason(desk: Desk) -> None:
    first = ids(desk)[0]
    async with console(desk) as pilot:
        await burst(pilot, "r", "a", "enter")
        await settle(pilot)
        await press(pilot, "enter")
    assert [(vote.decision, vote.because) for vote in votes(desk, first)] == [("reject", "a")]
    assert desk.counts()[P.APPROVED] == 0


async def test_a_filter_that_arrives_in_one_burst_is_a_filter(desk: Desk) -> None:
    async with console(desk) as pilot:
        await burst(pilot, "slash", "a", "m", "enter")
        assert "that hold am" in status(pilot)
    assert desk.counts()[P.PARKED] == 4


async def test_an_approval_right_behind_a_move_is_not_of_the_card_before(desk: Desk) -> None:
    async with console(desk) as pilot:
        await burst(pilot, "j", "a", "enter")
    assert desk.counts()[P.PARKED] == 4


async def test_somebody_else_was_faster(desk: Desk) -> None:
    first, second, *_ = ids(desk)
    async with console(desk) as pilot:
        await press(pilot, "a")
        ben = colleague(desk, "ben")
        ben.reject(ben.card(first), "no")
        await press(pilot, "enter")
        assert status(pilot).startswith(f"somebody else was faster: proposal {first} is rejected")
        assert "3 pending" in screen(pilot)
        assert f"{second} · orders@3" in screen(pilot)
    assert [vote.reviewer for vote in votes(desk, first)] == ["ben"]


async def test_what_has_changed_since_it_was_shown_is_not_approved(make_desk: MakeDesk) -> None:
    desk = make_desk([CITY])
    [first] = ids(desk)
    async with console(desk) as pilot:
        await press(pilot, "a")
        with desk.store.transaction() as session:
            move(session, first, P.PARKED, P.STALE, actor="worker", at=NOW)
        park_case(desk, replace(CITY, summary="Everything is different now."))
        await press(pilot, "enter")
        assert f"proposal {first} has changed since you saw it" in status(pilot)
        assert votes(desk, first) == ()
        assert "Everything is different now." in screen(pilot)
        await press(pilot, "a", "enter")
    assert [vote.digest for vote in votes(desk, first)] == [desk.card(first).record.digest]


async def test_a_vote_that_others_must_join(make_desk: MakeDesk) -> None:
    desk = make_desk([CITY, STATUS], site=TWO_VOTES)
    first, second = ids(desk)
    async with console(desk, size=(132, 50)) as pilot:
        assert "2 votes" in screen(pilot)
        await press(pilot, "a", "enter")
        assert status(pilot) == f"your vote for {first} is recorded; it needs others too"
        assert f"{second} · orders@3" in screen(pilot)
        assert state(desk, first) is P.PARKED
        await press(pilot, "k")
        assert "+ approve ana, now" in screen(pilot)
        await press(pilot, "a")
        assert status(pilot) == f"you cannot approve {first}: you have voted on it"
        # A newer vote takes the place of this one, if it says something else.
        await press(pilot, "r")
        assert status(pilot) == f"Reject {first} because:"
        await press(pilot, "escape")
        assert [vote.decision for vote in votes(desk, first)] == ["approve"]
        ben = colleague(desk, "ben")
        ben.approve(ben.card(first))
        await press(pilot, "R")
        assert "1 pending" in screen(pilot)
    assert state(desk, first) is P.APPROVED


async def test_nobody_approves_what_they_proposed(make_desk: MakeDesk) -> None:
    desk = make_desk([replace(CITY, proposer="ana")])
    [first] = ids(desk)
    async with console(desk) as pilot:
        assert "you cannot approve it: ana may not approve" in screen(pilot)
        await press(pilot, "a", "enter")
        assert "Nobody may approve what they proposed." in screen(pilot)
        await press(pilot, "escape", "r")
        await write(pilot, "mine was wrong")
        await press(pilot, "enter")
    assert state(desk, first) is P.REJECTED


async def test_a_patch_that_was_tampered_with_is_neither_shown_nor_approved(desk: Desk) -> None:
    first, second, *_ = ids(desk)
    good = desk.patches.path(desk.card(second).record.proposal.patch.digest)
    desk.patches.path(desk.card(first).record.proposal.patch.digest).write_bytes(good.read_bytes())
    async with console(desk) as pilot:
        assert "this card cannot be shown" in screen(pilot)
        assert "does not hold the patch that its name says" in screen(pilot)
        await press(pilot, "a")
        assert status(pilot).startswith("the card is not there")
        await press(pilot, "j", "a", "enter")
    assert desk.counts()[P.APPROVED] == 1
    assert state(desk, first) is P.PARKED


async def test_a_patch_that_is_lost_between_showing_and_approving(desk: Desk) -> None:
    first = ids(desk)[0]
    async with console(desk) as pilot:
        await press(pilot, "a")
        desk.patches.path(desk.card(first).record.proposal.patch.digest).unlink()
        await press(pilot, "enter")
        assert "the patch file" in screen(pilot)
        assert "is missing from" in screen(pilot)
    assert state(desk, first) is P.PARKED


async def test_filter_narrows_and_keeps_its_place(desk: Desk) -> None:
    _, status_id, amount_id, _ = ids(desk)
    async with console(desk) as pilot:
        await press(pilot, "slash")
        await write(pilot, "ORDERS")
        assert "1 of 2 that hold ORDERS" in status(pilot)
        assert "customers" not in "\n".join(row[:60] for row in screen(pilot).splitlines())
        await press(pilot, "enter", "j")
        assert f"{amount_id} · orders@3" in screen(pilot)
        await press(pilot, "a", "enter")
        assert f"{status_id} · orders@3" in screen(pilot)
        await press(pilot, "escape")
        assert status(pilot).startswith("2 of 3")
        await press(pilot, "slash")
        await write(pilot, "zzz")
        assert "Nothing matches zzz" in screen(pilot)
        await press(pilot, "escape")
        assert "customers" in screen(pilot)
    assert state(desk, amount_id) is P.APPROVED


async def test_filter_finds_an_id(desk: Desk) -> None:
    last = ids(desk)[-1]
    async with console(desk) as pilot:
        await press(pilot, "slash")
        await write(pilot, last.lower())
        assert f"{last} · customers@3" in screen(pilot)


async def test_more_changes_come_a_page_at_a_time(make_desk: MakeDesk) -> None:
    desk = make_desk([STATUS])
    async with console(desk, size=(132, 90)) as pilot:
        assert "10 of 45 changes, spread over all; m for all from the first" in screen(pilot)
        assert "~ 136 " in screen(pilot)
        await press(pilot, "m")
        assert "20 of 45 changes; m for more" in screen(pilot)
        assert "~ 119 " in screen(pilot) and "~ 136 " not in screen(pilot)
        await press(pilot, "m")
        assert "40 of 45 changes; m for more" in screen(pilot)
        await press(pilot, "m")
        assert "45 of 45 changes; no more" in screen(pilot)
        assert "~ 144 " in screen(pilot)
        await press(pilot, "m")
        assert status(pilot) == "there are no more changes"
        await press(pilot, "a", "enter")
    assert desk.counts()[P.APPROVED] == 1


@dataclass(frozen=True)
class CountingDesk(Desk):
    """A desk that remembers how much of the queue was asked for."""

    asked: list[int] = field(default_factory=list[int])

    def queue(self, *, limit: int | None = None, **rest: object):  # type: ignore[override]
        assert limit is not None
        self.asked.append(limit)
        return super().queue(limit=limit, **rest)  # type: ignore[arg-type]


async def test_a_long_queue_is_read_a_page_at_a_time(make_desk: MakeDesk) -> None:
    many = [
        replace(
            CITY, score=float(100 - n), sentence=f"No {n:03}", changes=CITY.changes[n % 3 :][:1]
        )
        for n in range(60)
    ]
    many = [
        replace(case, changes=tuple(c.model_copy(update={"row": str(n)}) for c in case.changes))
        for n, case in enumerate(many)
    ]
    plain = make_desk(many)
    desk = CountingDesk(**{name: getattr(plain, name) for name in plain.__dataclass_fields__})
    async with console(desk, size=(80, 12)) as pilot:
        assert "No 000" in screen(pilot) and "60 pending" in screen(pilot)
        await press(pilot, "G")
        assert ">" in screen(pilot).splitlines()[-3] and "No 059" in screen(pilot)
        await press(pilot, "ctrl+u", "k")
        assert status(pilot).startswith("55 of 60")
        await press(pilot, "g", "ctrl+d", "down", "up", "pagedown")
        assert status(pilot).startswith("9 of 60")
        assert max(desk.asked) <= 3 * 8
        await press(pilot, "slash")
        await write(pilot, "no 04")
        await press(pilot, "enter", "G")
        assert "10 of 10 that hold no 04" in status(pilot)
        await press(pilot, "escape")
        assert status(pilot).startswith("50 of 60")
        assert "No 049" in screen(pilot)


async def test_work_runs_beside_the_console(desk: Desk) -> None:
    done = threading.Event()

    def work() -> str:
        done.wait(30)
        with desk.store.transaction() as session:
            for line in desk.queue(states=(P.APPROVED,)):
                move(session, line.id, P.APPROVED, P.EXECUTING, actor="worker", at=NOW)
                move(session, line.id, P.EXECUTING, P.PUBLISHED, actor="worker", at=NOW)
        return "1 proposal is published"

    async with console(desk, work=work) as pilot:
        await press(pilot, "w")
        assert status(pilot) == "nothing is approved yet"
        await press(pilot, "a", "enter")
        await pilot.press("w")
        await pilot.pause()
        assert status(pilot) == "applying what is approved …"
        await pilot.press("j", "w")
        await pilot.pause()
        assert status(pilot) == "still at work …"
        done.set()
        await settle(pilot)
        assert status(pilot) == "1 proposal is published"
        assert "0 approved   1 closed" in screen(pilot)


async def test_leaving_waits_for_work(desk: Desk) -> None:
    done = threading.Event()

    def work() -> str:
        done.wait(30)
        return "done"

    async with console(desk, work=work) as pilot:
        await press(pilot, "a", "enter")
        await pilot.press("w", "q")
        await pilot.pause()
        assert status(pilot) == "still at work; the console closes when it is done"
        assert pilot.app.is_running
        done.set()
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        assert not pilot.app.is_running or pilot.app._exit


async def test_work_that_fails_says_why(desk: Desk) -> None:
    def work() -> str:
        raise Conflict("another worker is at it", "wait for it to end")

    async with console(desk, work=work) as pilot:
        await press(pilot, "a", "enter", "w")
        assert status(pilot) == "not applied: another worker is at it · wait for it to end"
        await press(pilot, "j")
        assert status(pilot).startswith("2 of 3")


async def test_without_work_the_console_says_who_does_it(desk: Desk) -> None:
    async with console(desk) as pilot:
        assert "approved proposals wait for `ostler work`" in status(pilot)
        await press(pilot, "w")
        assert "run it in another terminal" in status(pilot)


async def test_views_show_what_was_decided(desk: Desk) -> None:
    first, second, *_ = ids(desk)
    ben = colleague(desk, "ben")
    ben.approve(ben.card(first))
    async with console(desk) as pilot:
        await press(pilot, "r")
        await write(pilot, "no")
        await press(pilot, "enter", "v")
        assert "[1 approved]" in screen(pilot)
        assert f"{first} · customers@3 · approved" in screen(pilot)
        await press(pilot, "a")
        assert status(pilot) == f"you cannot approve {first}: it is approved"
        await press(pilot, "r")
        await write(pilot, "second thoughts")
        await press(pilot, "enter")
        assert "Nothing is approved and waits to be applied." in screen(pilot)
        await press(pilot, "v")
        assert "[2 closed]" in screen(pilot)
        assert "rejected" in screen(pilot) and "second thoughts" in screen(pilot)
        await press(pilot, "r")
        assert status(pilot) == f"you cannot reject {first}: it is rejected"
        await press(pilot, "v")
        assert "[2 pending]" in screen(pilot)
    assert (state(desk, first), state(desk, second)) == (P.REJECTED, P.REJECTED)


async def test_what_policy_denies_is_not_in_the_queue(make_desk: MakeDesk) -> None:
    desk = make_desk([PROTECTED])
    async with console(desk) as pilot:
        assert "Nothing waits for you." in screen(pilot)
        assert "ostler groom DATASET" in screen(pilot)
        await press(pilot, "a", "r", "m", "enter", "j", "G")
        assert pilot.app.is_running
        await press(pilot, "v", "v", "a")
        assert "The change touches a protected column." in screen(pilot)
        assert "it is denied" in status(pilot)


async def test_on_a_narrow_screen_the_card_must_be_opened_first(desk: Desk) -> None:
    first, second, *_ = ids(desk)
    async with console(desk, size=(80, 24)) as pilot:
        assert first not in screen(pilot)
        await press(pilot, "a")
        assert status(pilot) == "look at the card first: enter opens it"
        await press(pilot, "enter")
        assert f"{first} · customers@3" in screen(pilot) and "rank" not in screen(pilot)
        await press(pilot, "right_square_bracket")
        assert f"{second} · orders@3" in screen(pilot)
        await press(pilot, "G")
        assert "RANK" in screen(pilot) and f"{second} · orders@3" not in screen(pilot)
        await press(pilot, "a", "enter")
        assert "DIFF" in screen(pilot)
        await press(pilot, "escape")
        assert "rank" in screen(pilot) and "DIFF" not in screen(pilot)
    assert (state(desk, first), state(desk, second)) == (P.PARKED, P.APPROVED)


async def test_a_screen_that_grows_gets_its_card(desk: Desk) -> None:
    async with console(desk, size=(80, 24)) as pilot:
        assert "DIFF" not in screen(pilot)
        await pilot.resize_terminal(120, 30)
        await settle(pilot)
        assert "DIFF" in screen(pilot) and "rank" in screen(pilot)


async def test_the_card_scrolls_while_the_hand_stays_on_the_list(desk: Desk) -> None:
    async with console(desk, size=(110, 16)) as pilot:
        top = screen(pilot)
        await press(pilot, "J", "J")
        assert "WHY" in top and "WHY" not in screen(pilot)
        assert status(pilot).startswith("1 of 4")
        await press(pilot, "K", "K")
        assert screen(pilot) == top


async def test_a_click_picks_a_line(desk: Desk) -> None:
    amount = ids(desk)[2]
    async with console(desk) as pilot:
        await pilot.click(offset=(12, 4))
        await settle(pilot)
        assert f"{amount} · orders@3" in screen(pilot)


async def test_refresh_finds_what_is_new(make_desk: MakeDesk) -> None:
    desk = make_desk([STATUS, AMOUNT])
    async with console(desk) as pilot:
        await press(pilot, "j")
        park_case(desk, replace(DUPLICATE, dataset="orders", score=9.0))
        await press(pilot, "R")
        assert "3 pending" in screen(pilot)
        assert status(pilot).startswith("3 of 3")
        assert "Divide 2 values of amount" in screen(pilot)


async def test_expired_proposals_are_refused(make_desk: MakeDesk) -> None:
    desk = make_desk([CITY])
    [first] = ids(desk)
    late = replace(desk, clock=lambda: NOW + timedelta(days=60))
    async with console(late) as pilot:
        await press(pilot, "a", "enter")
        assert f"proposal {first} has expired" in status(pilot)
    assert votes(desk, first) == ()


async def test_help_names_every_key(desk: Desk) -> None:
    async with console(desk, size=(100, 40)) as pilot:
        await press(pilot, "question_mark")
        shown = screen(pilot)
        for key in KEYS:
            assert f"{key.shown} " in shown and key.does in shown
        await press(pilot, "q")
        assert pilot.app.is_running and "Keys" not in screen(pilot)
        bound = {binding.id for _, binding in pilot.app.screen._bindings}
        assert bound >= {f"review.{key.id}" for key in KEYS}


async def test_q_leaves(desk: Desk) -> None:
    async with console(desk) as pilot:
        await pilot.press("q")
        await pilot.pause()
        assert pilot.app._exit
        assert (pilot.app.return_code or 0) == 0


async def test_what_others_decide_is_seen_without_a_key(desk: Desk) -> None:
    first, second, *_ = ids(desk)
    async with console(desk) as pilot:
        assert f"{first} · " in screen(pilot)
        other = colleague(desk, "ben")
        other.reject(other.card(second), "it is wrong")
        for _ in range(300):
            if "3 pending" in screen(pilot):
                break
            await pilot.pause(0.1)
        assert "3 pending" in screen(pilot)
        assert f"{first} · " in screen(pilot)


async def test_the_console_opens_on_the_proposal_that_a_message_named(desk: Desk) -> None:
    *_, last = ids(desk)
    async with console(desk, begin=opened_on(last, P.PARKED)) as pilot:
        assert f"{last} · " in screen(pilot)
        assert "1 of 1" in status(pilot)
        await press(pilot, "escape")
        assert "of 4" in status(pilot)
    rejected = ids(desk)[0]
    desk.reject(desk.card(rejected), "it is right as it is")
    async with console(desk, begin=opened_on(rejected, P.REJECTED)) as pilot:
        assert f"{rejected} · " in screen(pilot)
