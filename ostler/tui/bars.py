"""The lines above and below the panes: where we are, what just happened, what the keys do."""

from collections.abc import Mapping
from typing import LiteralString

from textual.content import Content

from ostler.core.errors import OstlerError
from ostler.core.states import ProposalState
from ostler.review.desk import Desk
from ostler.tui.answers import Decided, Remade
from ostler.tui.keys import KEYS
from ostler.tui.state import VIEWS, Queue
from ostler.tui.text import (
    MUTED,
    STRONG,
    TITLE,
    WARNING,
    blanks,
    count,
    fitted,
    join,
    listed,
    ours,
    untrusted,
)


def top_bar(
    desk: Desk,
    queue: Queue,
    counts: Mapping[ProposalState, int],
    width: int,
    *,
    signed: bool,
) -> Content:
    """Workspace, how much there is in each view, and who is at the keyboard."""
    views = [
        join(ours("["), part, ours("]"))
        if index == queue.view
        else join(ours(" "), part, ours(" "))
        for index, part in enumerate(_amounts(counts))
    ]
    left = join(
        ours(" ostler ", TITLE),
        untrusted(_workspace(desk), 24),
        ours("  "),
        listed(views, " "),
    )
    unsigned = ours("") if signed else ours("UNSIGNED ", WARNING)
    right = join(unsigned, untrusted(desk.reviewer, 24, STRONG), ours(" "))
    return join(fitted(left, max(0, width - right.cell_length)), right)


def _amounts(counts: Mapping[ProposalState, int]) -> tuple[Content, ...]:
    amounts = [count(sum(counts.get(state, 0) for state in view), STRONG) for view in VIEWS]
    words = (ours(" pending"), ours(" approved"), ours(" closed"))
    return tuple(join(amount, word) for amount, word in zip(amounts, words, strict=True))


def _workspace(desk: Desk) -> str:
    """The folder that Ostler keeps its own things in, or the one around Ostler's hidden one."""
    folder = desk.store.heads.resolve().parent
    return (folder.parent if folder.name.startswith(".") else folder).name


def foot(width: int, *, reading: bool, asks: bool) -> Content:
    """The keys that matter most over the list or over an open card, as many as fit.

    `asks` says that the card is a question.
    """
    shown = blanks(0)
    for key in KEYS:
        word = key.foot_reading if reading else key.foot
        word = _OF_QUESTIONS.get(key.id, word) if asks else word
        part = join(ours(key.shown, STRONG), ours(" "), ours(word, MUTED), ours("  "))
        if word and shown.cell_length + part.cell_length <= width + 2:
            shown = join(shown, part)
    return shown


_OF_QUESTIONS: Mapping[str, LiteralString] = {"approve": "Answer", "strike": "", "more": ""}
"""What the keys do on a question, by their ids."""


def idle(queue: Queue, *, can_work: bool) -> Content:
    """What stands below when nothing has happened."""
    place = join(count(min(queue.cursor + 1, queue.size)), ours(" of "), count(queue.size))
    if queue.filter:
        holding = join(ours(" that hold "), untrusted(queue.filter, 40, STRONG))
        reading = ours("") if queue.complete else ours("; still reading")
        return join(place, holding, reading, ours("; esc shows all"))
    hint = (
        ours(" · w applies what is approved", MUTED)
        if can_work
        else ours(" · approved proposals wait for `ostler work`", MUTED)
    )
    return join(place, hint)


def decided(answer: Decided, *, can_work: bool) -> Content:
    """What a vote has done."""
    name = untrusted(answer.proposal, style=STRONG)
    if answer.told:
        return join(name, ours(": "), untrusted(answer.told, 200, STRONG))
    if answer.decision == "reject":
        return join(name, ours(" is rejected"))
    if answer.state is ProposalState.PARKED:
        return join(ours("your vote for "), name, ours(" is recorded; it needs others too"))
    next_step = ours("w applies it") if can_work else ours("it waits for `ostler work`")
    return join(name, ours(" is approved; "), next_step)


def remade(answer: Remade) -> Content:
    """What an edit or an answer has done."""
    name, made = untrusted(answer.proposal), untrusted(answer.made, style=STRONG)
    if answer.state is ProposalState.SUPERSEDED:
        return join(made, ours(" takes the place of "), name, ours("; it is yours and waits"))
    told = join(name, ours(" is answered, and later cards learn from it"))
    return join(told, ours("; "), made, ours(" waits")) if answer.made else told


def problem(error: OstlerError, before: Content) -> Content:
    """An error in one line, with what to do about it."""
    hint = join(ours(" · "), untrusted(error.hint, 200)) if error.hint else ours("")
    return join(before, untrusted(error.message, 300, WARNING), hint)
