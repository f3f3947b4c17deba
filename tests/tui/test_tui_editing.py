"""Editing cards and answering questions at the console: what the keys leave in the store."""

from collections.abc import Callable
from dataclasses import replace

from console_cases import CITY, QUESTION, SPELLING, SPELLINGS
from console_screen import console, matches_snapshot, press, screen, status, write

from ostler.core.actions import AskedCell, Correct, Correction, SetCells
from ostler.core.edits import Said
from ostler.core.experience import Struck, Taught
from ostler.core.proposals import Proposal
from ostler.core.states import ProposalState
from ostler.review.desk import Desk
from ostler.store.answers import answers_to
from ostler.tui.replies import Replies, chosen, moved, righted, skipped, valued

P = ProposalState
MakeDesk = Callable[..., Desk]


def made(desk: Desk, proposal: str) -> Proposal:
    [name] = desk.card(proposal).made
    return desk.card(name).record.proposal


def pairs(proposal: Proposal) -> dict[str | None, str | None]:
    assert isinstance(proposal.draft.action, Correct)
    return {one.old: one.new for one in proposal.draft.action.corrections}


async def test_what_is_struck_is_left_out_of_a_card_of_ones_own(
    make_desk: MakeDesk, table: None
) -> None:
    desk = make_desk([SPELLING, CITY])
    [spelling] = [line.id for line in desk.queue() if "spelt" in line.sentence]
    async with console(desk, size=(80, 24)) as pilot:
        await press(pilot, "j", "enter", "s")
        assert "0 of 3 pairs struck; 6 of 6 cells are left" in screen(pilot)
        await press(pilot, "enter")
        assert "nothing is struck" in screen(pilot)
        await press(pilot, "G", "space")
        assert "1 of 3 pairs struck; 5 of 6 cells are left" in screen(pilot)
        matches_snapshot(pilot, "strike_80x24")
        await press(pilot, "enter")
        new = made(desk, spelling)
        assert f"{new.id} takes the place of {spelling}" in status(pilot)
    assert pairs(new) == {"Portlnd": "Portland", "Salme": "Salem"}
    assert (new.proposer, new.patch.cells) == ("ana", 5)
    assert desk.card(spelling).record.state is P.SUPERSEDED
    with desk.store.reading() as session:
        [answer] = answers_to(session, spelling)
    assert answer.card is not None
    assert answer.card.struck == (Struck(column="city", old="Bend", new="Band"),)


async def test_striking_all_is_refused_and_the_rest_can_be_struck_at_once(
    make_desk: MakeDesk, table: None
) -> None:
    desk = make_desk([SPELLING])
    [line] = desk.queue()
    async with console(desk) as pilot:
        await press(pilot, "s", "x", "enter")
        assert "nothing would be left" in screen(pilot)
        await press(pilot, "g", "space", "enter")
    assert pairs(made(desk, line.id)) == {"Portlnd": "Portland"}


async def test_a_rejection_names_what_is_struck_as_wrong(make_desk: MakeDesk, table: None) -> None:
    desk = make_desk([SPELLING])
    [line] = desk.queue()
    async with console(desk, size=(80, 24)) as pilot:
        await press(pilot, "enter", "r")
        assert "s on the card names what is wrong" in screen(pilot)
        await press(pilot, "escape", "s", "r")
        assert "nothing is struck" in screen(pilot)
        await press(pilot, "G", "space", "g", "space", "r")
        assert "2 pairs named as wrong" in screen(pilot)
        matches_snapshot(pilot, "reject_named_80x24")
        await press(pilot, "escape")
        assert status(pilot) == "not rejected"
        assert desk.card(line.id).record.state is P.PARKED
        await press(pilot, "s", "x", "r")
        await write(pilot, "these are names")
        await press(pilot, "enter")
        assert status(pilot) == f"{line.id} is rejected"
    record = desk.card(line.id).record
    assert record.state is P.REJECTED
    [vote] = record.votes
    assert (vote.decision, vote.because) == ("reject", "these are names")
    # One cell for each pair is enough to name it, however many hold it.
    assert [(one.row, one.old, one.new) for one in vote.wrong] == [
        ("1", "Portlnd", "Portland"),
        ("2", "Salme", "Salem"),
        ("3", "Bend", "Band"),
    ]
    with desk.store.reading() as session:
        [answer] = answers_to(session, line.id)
    assert answer.card is not None
    assert [one.old for one in answer.card.struck] == ["Portlnd", "Salme", "Bend"]


async def test_what_stands_for_all_its_cells_is_named_by_one_of_them(
    make_desk: MakeDesk, table: None
) -> None:
    anywhere = [one.model_copy(update={"rows": ()}) for one in SPELLINGS.corrections]
    action = SPELLINGS.model_copy(update={"corrections": tuple(anywhere)})
    desk = make_desk([replace(SPELLING, action=action)])
    [line] = desk.queue()
    async with console(desk) as pilot:
        await press(pilot, "s", "G", "space", "r")
        await write(pilot, "a place")
        await press(pilot, "enter")
        assert status(pilot) == f"{line.id} is rejected"
    [vote] = desk.card(line.id).record.votes
    assert [(one.row, one.old, one.new) for one in vote.wrong] == [("3", "Bend", "Band")]


async def test_another_way_is_taken_by_its_number(make_desk: MakeDesk, table: None) -> None:
    desk = make_desk([SPELLING])
    [line] = desk.queue()
    async with console(desk, size=(80, 24)) as pilot:
        await press(pilot, "enter", "d")
        matches_snapshot(pilot, "directions_80x24")
        await press(pilot, "1")
    assert pairs(made(desk, line.id)) == {"Portlnd": "PDX"}


async def test_a_typed_value_goes_into_all_cells(make_desk: MakeDesk, table: None) -> None:
    desk = make_desk([SPELLING])
    [line] = desk.queue()
    async with console(desk) as pilot:
        await press(pilot, "f")
        assert "all 6 cells become ∅" in screen(pilot)
        await write(pilot, "Eugene")
        assert "all 6 cells become Eugene" in screen(pilot)
        await press(pilot, "enter")
    assert set(pairs(made(desk, line.id)).values()) == {"Eugene"}


async def test_escape_leaves_a_card_as_it_is(make_desk: MakeDesk) -> None:
    desk = make_desk([SPELLING])
    async with console(desk) as pilot:
        for key in "sdf":
            await press(pilot, key, "escape")
            assert status(pilot) == "the card stays as it is"
    assert desk.counts()[P.PARKED] == 1


async def test_what_cannot_be_edited_says_so(make_desk: MakeDesk) -> None:
    async with console(make_desk([CITY])) as pilot:
        await press(pilot, "s")
        assert "there is nothing to strike here" in status(pilot)
        await press(pilot, "d")
        assert "there is no other way here" in status(pilot)
        await press(pilot, "f")
        assert "there are no cells here" in status(pilot)


async def test_the_card_shows_what_it_rests_on(make_desk: MakeDesk) -> None:
    async with console(make_desk([SPELLING]), size=(132, 60)) as pilot:
        matches_snapshot(pilot, "basis")


async def test_a_question_is_answered_cell_by_cell(make_desk: MakeDesk, table: None) -> None:
    others = [replace(CITY, score=9.0 + n, changes=CITY.changes[n:]) for n in range(3)]
    desk = make_desk([QUESTION, SPELLING, *others])
    [line] = [line for line in desk.queue() if "Question" in line.sentence]
    async with console(desk, size=(80, 24)) as pilot:
        await press(pilot, "j", "j", "j", "j", "enter")
        matches_snapshot(pilot, "question_card_80x24")
        await press(pilot, "a", "s")
        assert "nothing is answered yet" in screen(pilot)
        await press(pilot, "1", "x", "k")
        matches_snapshot(pilot, "question_80x24")
        await press(pilot, "j", "enter", *["backspace"] * 4)
        await write(pilot, "Salem")
        await press(pilot, "enter", "s")
        assert "Send 2 answers, 1 skipped?" in screen(pilot)
        await press(pilot, "enter")
        assert f"{line.id} is answered" in status(pilot)
        # The next card, which may be the answer's own.
        assert "WHY" in screen(pilot)
    new = made(desk, line.id)
    assert new.draft.action == SetCells(cells=(("11", "score", "87.1"), ("13", "city", "Salem")))
    with desk.store.reading() as session:
        [answer] = answers_to(session, line.id)
    assert answer.taught[0] == Taught(row="11", column="score", old="871", new="87.1")


async def test_a_question_that_is_left_keeps_what_was_said(
    make_desk: MakeDesk, table: None
) -> None:
    desk = make_desk([QUESTION])
    [line] = desk.queue()
    async with console(desk) as pilot:
        await press(pilot, "a", "equals_sign", "equals_sign", "escape")
        assert desk.counts()[P.PARKED] == 1
        await press(pilot, "a")
        assert "2 of 3 answered" in screen(pilot)
        await press(pilot, "s", "enter")
    assert desk.card(line.id).record.state is P.ANSWERED
    assert desk.card(line.id).made == ()


def test_replies_go_on_to_the_next_cell() -> None:
    cells = tuple(
        AskedCell(row=str(n), column="c", old="x", because="odd", choices=("y", "z"))
        for n in range(3)
    )
    replies = chosen(righted(Replies(cells)), 2)
    assert replies.cursor == 2
    assert chosen(replies, 3) == replies
    assert valued(replies, "x").given[-1] == Said(row="2", column="c", right=True)
    assert skipped(moved(replies, -1)).given == (Said(row="0", column="c", right=True),)


async def test_a_card_of_thousands_of_values_can_be_struck_to_its_end(make_desk: MakeDesk) -> None:
    corrections = tuple(
        Correction(column="city", old=f"v{n}", new=f"w{n}", rows=(str(n),)) for n in range(3000)
    )
    large = replace(SPELLING, action=SPELLINGS.model_copy(update={"corrections": corrections}))
    async with console(make_desk([large])) as pilot:
        assert "and 2,992 other pairs" in screen(pilot)
        await press(pilot, "s", "G", "space")
        assert "-v2999" in screen(pilot)
        assert "1 of 3,000 pairs struck; 2,999 of 3,000 cells are left" in screen(pilot)
