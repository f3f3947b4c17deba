"""Watchers: each due time is dealt with once, by whoever is there to do it."""

import platform
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session
from state_database import KINDS, StateDatabase

from ostler.config.settings import Settings
from ostler.core.datasets import Dataset
from ostler.core.errors import BadInput
from ostler.core.states import ItemState
from ostler.store import items
from ostler.store.datasets import add_dataset
from ostler.store.engine import Store, open_store
from ostler.store.objects import Objects
from ostler.store.outbox import unrouted
from ostler.store.owners import this_process
from ostler.store.schedules import ATTEMPTS, standings
from ostler.store.verify import verify_store
from ostler.triggers.schedules.actions import actions
from ostler.triggers.schedules.plan import Schedule, plan
from ostler.triggers.schedules.watcher import Action, Fired, Watcher, Write

SIX = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
DAILY = Schedule("W-1", "orders", "work", "0 6 * * *")


@pytest.fixture(params=KINDS)
def state_kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def store(state_db: StateDatabase, tmp_path: Path) -> Iterator[Store]:
    opened = open_store(state_db.url, tmp_path / "heads.log")
    yield opened
    opened.close()


class Work:
    """An action that notes which due times it was written for."""

    def __init__(self, during: Callable[[], object] = lambda: None) -> None:
        self.written: list[str] = []
        self.begun: list[str] = []
        self.during = during

    def __call__(self, _schedule: Schedule, taken, _now: datetime) -> Write:
        self.begun.append(taken.mark)
        self.during()

        def write(_session: Session, _at: datetime) -> str:
            self.written.append(taken.mark)
            return "done"

        return write


def watch(store: Store, work: Action, at: datetime, owner: str = "") -> tuple[Fired, ...]:
    return Watcher(
        store=store,
        plan=[DAILY],
        actions={"work": work},
        newest=lambda _: None,
        owner=owner or this_process(),
        clock=lambda _: at,
    ).run()


def test_each_due_time_once_and_what_was_missed_once(store: Store, tmp_path: Path) -> None:
    work = Work()
    # What was due before anybody watched is past.
    assert watch(store, work, SIX + timedelta(minutes=1)) == ()
    assert watch(store, work, SIX + timedelta(hours=23)) == ()
    [fired] = watch(store, work, SIX + timedelta(days=1))
    assert (fired.mark, fired.failed) == ("2026-03-03T06:00:00.000000Z", False)
    assert watch(store, work, SIX + timedelta(days=1, seconds=59)) == ()
    # Nobody watched for a week.
    [fired] = watch(store, work, SIX + timedelta(days=8, hours=5))
    assert fired.mark == "2026-03-10T06:00:00.000000Z"
    assert watch(store, work, SIX + timedelta(days=8, hours=6)) == ()
    assert len(work.written) == 2
    assert verify_store(store, Objects(tmp_path / "objects")) == ()


def test_of_many_watchers_one_does_it(store: Store, state_db: StateDatabase, tmp_path) -> None:
    work = Work()
    watch(store, work, SIX)
    stores = [open_store(state_db.url, tmp_path / f"heads{n}.log") for n in range(4)]
    with ThreadPoolExecutor(4) as pool:
        for day in range(1, 4):
            at = SIX + timedelta(days=day)
            found = pool.map(watch, stores, [work] * 4, [at] * 4)
            assert sum(len(fired) for fired in found) == 1
    assert len(work.written) == len(work.begun) == 3
    for one in stores:
        one.close()


def test_what_a_killed_watcher_left_is_done_once(
    store: Store, state_db: StateDatabase, tmp_path: Path
) -> None:
    watch(store, Work(), SIX)
    due = SIX + timedelta(days=1)
    script = Path(__file__).with_name("dying_watcher.py")
    arguments = (state_db.url, tmp_path / "its.log", due.isoformat())
    killed = subprocess.run([sys.executable, script, *map(str, arguments)], check=False)
    assert killed.returncode == -9
    with store.reading() as session:
        [left] = standings(session)
    assert not left.idle
    work = Work()
    # A minute later, nothing else is due.
    assert len(watch(store, work, due + timedelta(minutes=1))) == 1
    assert watch(store, work, due + timedelta(minutes=2)) == ()
    assert work.written == ["2026-03-03T06:00:00.000000Z"]


def dead_owner() -> str:
    """A process of this machine that has ended."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return f"{platform.node()}:{ended.pid}"


def test_whoever_is_overtaken_writes_nothing(store: Store) -> None:
    watch(store, Work(), SIX)
    due = SIX + timedelta(days=1)
    second = Work()
    # It looks dead to the other, which does its work while it is still at it.
    first = Work(during=lambda: watch(store, second, due))
    assert watch(store, first, due, owner=dead_owner()) == ()
    assert (len(first.begun), len(second.written)) == (1, 1)
    # What it had written was rolled back with its claim.
    with store.reading() as session:
        [standing] = standings(session)
    assert standing.idle


def test_another_machines_watcher_is_waited_for(store: Store) -> None:
    watch(store, Work(), SIX)
    due = SIX + timedelta(days=1)
    second = Work()
    first = Work(during=lambda: watch(store, second, due))
    assert len(watch(store, first, due, owner="elsewhere:1")) == 1
    assert second.begun == []


def test_what_ends_its_watcher_each_time_is_given_up(store: Store) -> None:
    watch(store, Work(), SIX)
    due = SIX + timedelta(days=1)

    def crash() -> None:
        raise SystemExit

    for _ in range(ATTEMPTS):
        with pytest.raises(SystemExit):
            watch(store, Work(during=crash), due, owner=dead_owner())
    [fired] = watch(store, Work(), due)
    assert fired.failed
    assert "given up" in fired.outcome
    # The next day is another day.
    [fired] = watch(store, Work(), due + timedelta(days=1))
    assert not fired.failed


def test_what_cannot_be_done_is_said_and_holds_nobody_up(store: Store) -> None:
    watch(store, Work(), SIX)

    def refuse() -> None:
        raise BadInput("the file is gone")

    [fired] = watch(store, Work(during=refuse), SIX + timedelta(days=1))
    assert (fired.failed, fired.outcome) == (True, "not done: the file is gone")
    with store.reading() as session:
        [told] = unrouted(session, 10)
    # Without the reason, which may quote data.
    assert (told.kind, told.body["do"], "file" in str(told.body)) == ("watch.failed", "work", False)
    assert len(watch(store, Work(), SIX + timedelta(days=2))) == 1


def test_a_new_version_is_news_once(store: Store) -> None:
    work, version = Work(), [3]
    watcher = Watcher(
        store=store,
        plan=[Schedule("W-2", "orders", "work")],
        actions={"work": work},
        newest=lambda _: version[0],
        owner=this_process(),
        clock=lambda _: SIX,
    )
    assert watcher.run() == ()
    for newest in (4, 4, 9, 10, 10):
        version[0] = newest
        watcher.run()
    assert [int(mark) for mark in work.written] == [4, 9, 10]


def test_recurring_items_are_opened_once_each_and_linked(store: Store, tmp_path: Path) -> None:
    wanted = {
        "title": "Retrain the model",
        "kind": "retraining",
        "dataset": "orders",
        "cron": "0 6 * * 1",
    }
    settings = Settings.model_validate({"recurring": {"retrain": wanted}})
    with store.transaction() as session:
        orders = Dataset(name="orders", owner="ana", uri="/nowhere")
        add_dataset(session, orders, actor="ana", at=SIX)

    def run(at: datetime) -> tuple[Fired, ...]:
        return Watcher(
            store=store,
            plan=plan(settings),
            actions=actions(lambda *_: pytest.fail("nothing is measured")),
            newest=lambda _: None,
            owner=this_process(),
            clock=lambda _: at,
        ).run()

    assert run(SIX) == ()
    for week in (1, 1, 2, 5):
        run(SIX + timedelta(weeks=week, hours=1))
    with store.reading() as session:
        opened = sorted(items.list_items(session), key=lambda one: one.item.title)
    assert [one.item.title for one in opened] == [
        "Retrain the model (2026-03-09)",
        "Retrain the model (2026-03-16)",
        "Retrain the model (2026-04-06)",
    ]
    first, second, third = opened
    assert first.item.dependencies == ()
    assert second.item.dependencies == (first.item.id,)
    assert third.item.dependencies == (second.item.id,)
    assert third.item.owner == "ana"
    assert {one.state for one in opened} == {ItemState.OPEN}
    assert verify_store(store, Objects(tmp_path / "objects")) == ()
