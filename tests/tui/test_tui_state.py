"""The queue's state: laws that hold for every queue, cursor and filter."""

from dataclasses import replace

from console_desk import NOW
from hypothesis import given
from hypothesis import strategies as st

from ostler.core.states import ProposalState
from ostler.review.shown import Line
from ostler.tui.state import (
    Queue,
    decided,
    filtered,
    loaded,
    matching,
    missing,
    moved,
    reread,
    scanned,
    shown,
)


def line(number: int) -> Line:
    return Line(
        id=f"P-{number:04}",
        dataset=("orders", "Customers")[number % 2],
        sentence=f"change {number % 7} cells",
        score=1.0,
        cells=1,
        rows=1,
        verdict="1 vote",
        state=ProposalState.PARKED,
        created_at=NOW,
        columns=(),
    )


def lines(count: int) -> tuple[Line, ...]:
    return tuple(line(number) for number in range(count))


sizes = st.integers(0, 60)
cursors = st.integers(-5, 70)
filters = st.sampled_from(["", "o", "or", "order", "CUST", "change 3", "P-001", "nothing"])


def whole(count: int) -> Queue:
    """A queue that is read from end to end, by the window and for the filter."""
    queue = scanned(Queue(total=count), 0, lines(count), complete=True)
    return loaded(queue, count, 0, lines(count))


@given(sizes, cursors, filters)
def test_the_cursor_is_always_on_a_line_or_nowhere(count: int, to: int, text: str) -> None:
    queue = filtered(moved(whole(count), to), text)
    assert (queue.current is None) == (queue.size == 0)
    assert 0 <= queue.cursor < max(1, queue.size)


@given(st.integers(1, 300), st.integers(0, 300), st.integers(1, 50))
def test_what_is_missing_is_enough_to_draw_the_page(total: int, top: int, height: int) -> None:
    top = min(top, total - 1)
    part = missing(Queue(total=total), top, height)
    assert part is not None
    start, limit = part
    assert limit <= 3 * height
    queue = loaded(Queue(total=total), total, start, lines(total)[start : start + limit])
    assert missing(queue, top, height) is None
    assert all(queue.line(at) == line(at) for at in range(top, min(top + height, total)))


@given(st.integers(1, 60), cursors, st.integers(0, 59))
def test_the_cursor_stays_on_its_line_when_others_come_and_go(
    count: int, to: int, gone: int
) -> None:
    queue = moved(whole(count), to)
    rest = tuple(one for at, one in enumerate(lines(count)) if at != gone)
    after = loaded(queue, len(rest), 0, rest)
    if queue.current in rest:
        assert after.current == queue.current
    else:
        assert after.cursor == max(0, min(queue.cursor, len(rest) - 1))


@given(sizes, filters, filters, st.lists(st.integers(1, 20), max_size=8))
def test_a_filter_finds_the_same_however_it_came_about(
    count: int, first: str, text: str, pieces: list[int]
) -> None:
    found = tuple(matching(lines(count), text)) if text else ()
    assert filtered(filtered(whole(count), first), text).found == found
    queue, at = filtered(Queue(total=count), text), 0
    for length in [*pieces, count]:
        piece = lines(count)[at : at + length]
        at += len(piece)
        queue = scanned(queue, len(queue.read), piece, complete=at == count)
    assert queue.complete
    assert queue.size == (len(found) if text else count)
    assert not text or queue.found == found


@given(sizes, cursors, filters)
def test_a_filter_that_is_taken_away_leaves_the_cursor_where_it_was(
    count: int, to: int, text: str
) -> None:
    narrowed = moved(filtered(whole(count), text), to)
    widened = filtered(narrowed, "")
    if narrowed.current is not None:
        assert widened.current == narrowed.current


@given(st.integers(1, 40), cursors, filters)
def test_what_is_decided_is_gone_and_the_next_takes_its_place(
    count: int, to: int, text: str
) -> None:
    queue = moved(filtered(whole(count), text), to)
    if queue.current is None:
        return
    following = queue.line(queue.cursor + 1)
    after = decided(queue, queue.current.id, ProposalState.APPROVED)
    assert after.size == queue.size - 1
    assert after.total == queue.total - 1
    assert all(after.line(at) != queue.current for at in range(after.size))
    assert queue.current not in filtered(after, "").window
    if following is not None:
        assert after.current == following


@given(st.integers(1, 40), st.sets(st.integers(0, 39)), cursors)
def test_a_vote_that_others_must_join_moves_on_to_the_next_undecided(
    count: int, voted: set[int], to: int
) -> None:
    queue = replace(whole(count), voted=frozenset(f"P-{number:04}" for number in voted))
    queue = moved(queue, to)
    assert queue.current is not None
    after = decided(queue, queue.current.id, ProposalState.PARKED)
    assert after.size == count
    undecided = [at for at in range(count) if f"P-{at:04}" not in after.voted]
    later = [at for at in undecided if at >= queue.cursor]
    expected = later[0] if later else undecided[-1] if undecided else queue.cursor
    assert after.cursor == expected


@given(st.integers(2, 40), cursors, st.integers(0, 39))
def test_a_vote_that_comes_late_does_not_move_a_cursor_that_went_elsewhere(
    count: int, to: int, other: int
) -> None:
    queue = moved(whole(count), to)
    assert queue.current is not None
    name = f"P-{other % count:04}"
    if name != queue.current.id:
        assert decided(queue, name, ProposalState.REJECTED).current == queue.current


@given(sizes, filters)
def test_a_piece_that_does_not_fit_on_is_ignored(count: int, text: str) -> None:
    queue = filtered(whole(count), text)
    assert scanned(queue, count + 1, lines(3), complete=True) == queue


@given(st.integers(1, 40), filters, cursors)
def test_reading_again_keeps_the_lines_until_the_new_ones_come(
    count: int, text: str, to: int
) -> None:
    queue = moved(filtered(whole(count), text), to)
    again = reread(queue)
    assert [again.line(at) for at in range(again.size)] == [
        queue.line(at) for at in range(queue.size)
    ]
    fresh = scanned(again, 0, lines(count), complete=True)
    assert fresh.found == queue.found
    assert fresh.current == queue.current


def test_views_go_round() -> None:
    queue = Queue()
    seen = [queue.states]
    for _ in range(2):
        queue = shown(queue, queue.view + 1)
        seen.append(queue.states)
    assert shown(queue, queue.view + 1).states == seen[0]
    assert sorted(state for states in seen for state in states) == sorted(ProposalState)
