"""A storm on the real service, killed in the middle: nothing that was acknowledged is lost.

1,500 alerts, 10,000 with OSTLER_LONG=1; a fifth of them malformed, some sent more than once.
"""

import http.client
import json
import os
import random
import re
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from desk import minutes

from ostler.core.items import item_id, reported_check
from ostler.core.reports import AlertState
from ostler.store.alerts import firing, list_groups
from ostler.store.dead_letters import list_letters
from ostler.store.due import list_due
from ostler.store.engine import Store, open_store
from ostler.store.objects import Objects
from ostler.store.runs import latest_runs
from ostler.store.verify import verify_store

NUMBER = 10_000 if os.environ.get("OSTLER_LONG") else 1_500
SENDERS = 8
CAUSES = 12
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Sent:
    """A message and what has to come of it."""

    body: bytes
    firing: tuple[tuple[str, str], ...] = ()
    """Of each alert that fires, its cause and what tells it from others."""
    malformed: bool = False


def storm(random_: random.Random) -> Iterator[Sent]:
    """Webhooks of a few alerts; a fifth as many messages that are broken in some way."""
    number = 0
    while number < NUMBER:
        size = random_.randint(1, 12)
        entries = [_entry(number + place) for place in range(size)]
        yield Sent(
            json.dumps({"version": "4", "alerts": entries}).encode(),
            tuple((one["labels"]["alertname"], one["labels"]["n"]) for one in entries),
        )
        number += size
        for _ in range(max(1, size // 4)):
            yield Sent(_broken(random_, number), malformed=True)
            number += 1


def _entry(number: int) -> dict[str, dict[str, str]]:
    cause = f"cause {number % CAUSES}"
    labels = {"alertname": cause, "dataset": "people", "severity": "warning", "n": str(number)}
    return {"labels": labels, "startsAt": minutes(number % 50)}  # type: ignore[dict-item]


def _broken(random_: random.Random, number: int) -> bytes:
    return random_.choice(
        [
            b'{"dataset": "people", "oops": %d' % number,
            b'{"dataset": "nobody %d", "summary": "x"}' % number,
            b'{"alerts": [{"labels": {"n": "%d"}}]}' % number,
            b'{"specversion": "1.0", "type": "t", "id": "%d"}' % number,
            b"\xff%d" % number,
        ]
    )


@dataclass
class Server:
    """`ostler serve --alerts`, which may be killed and started again at the same port."""

    workspace: Path
    port: int = 0
    process: subprocess.Popen[str] | None = None
    up: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ostler", "serve", "--alerts", "--port", str(self.port)],
            cwd=self.workspace,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert self.process.stderr is not None
        line = self.process.stderr.readline()
        found = re.search(r"127\.0\.0\.1:(\d+)/", line)
        assert found, line
        self.port = int(found[1])
        self.up.set()

    def kill(self) -> None:
        assert self.process is not None
        self.up.clear()
        self.process.kill()
        self._end()

    def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        return self._end()

    def _end(self) -> int:
        assert self.process is not None
        self.process.communicate(timeout=60)
        return self.process.returncode


def send(server: Server, messages: Sequence[Sent], answers: list[tuple[Sent, int]]) -> None:
    """Send each until it is answered, as monitors do."""
    connection: http.client.HTTPConnection | None = None
    for message in messages:
        while True:
            assert server.up.wait(60)
            try:
                connection = connection or http.client.HTTPConnection("127.0.0.1", server.port)
                connection.request("POST", "/alerts", message.body)
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException):
                if connection is not None:
                    connection.close()
                connection = None
                continue
            if answer.status < 500:
                answers.append((message, answer.status))
                break
    if connection is not None:
        connection.close()


@contextmanager
def opened(workspace: Path) -> Generator[Store]:
    hidden = workspace / ".ostler"
    store = open_store(f"sqlite:///{hidden / 'state.db'}", hidden / "heads.log")
    yield store
    store.close()


@pytest.mark.slow
def test_a_storm_loses_nothing_although_the_service_is_killed(run, tmp_path: Path) -> None:
    run("init")
    rows = [f"{n},c{n % 7},{'N/A' if n % 9 == 0 else 100 + n}" for n in range(90)]
    (tmp_path / "people.csv").write_text("\n".join(["id,city,amount", *rows]) + "\n")
    assert run("add", "people.csv").code == 0
    settings = tmp_path / "ostler.yaml"
    settings.write_text(settings.read_text() + "\nalerts: {per_minute: 10000000}\n")
    random_ = random.Random(7)
    messages = list(storm(random_))
    # Monitors repeat themselves, and in no order.
    repeated = random_.sample(messages, len(messages) // 10)
    everything = [*messages, *repeated]
    random_.shuffle(everything)
    server, answers = Server(tmp_path), list[tuple[Sent, int]]()
    server.start()
    threads = [
        threading.Thread(target=send, args=(server, everything[n::SENDERS], answers))
        for n in range(SENDERS)
    ]
    for one in threads:
        one.start()
    half = len(everything) // 2
    while len(answers) < half:
        threads[0].join(0.01)
    server.kill()
    server.start()
    for one in threads:
        one.join()
    assert server.stop() == 0
    assert len(answers) == len(everything)
    for message, status in answers:
        assert status in ((400, 422) if message.malformed else (200,)), (message, status)
    causes = Counter(cause for one in messages for cause, _ in one.firing)
    with opened(tmp_path) as store:
        with store.reading() as session:
            groups = list_groups(session, states=tuple(AlertState))
            letters = list_letters(session)
            [due] = list_due(session)
        assert {one.alert.rule: one.count for one in groups} == causes
        assert {one.body for one in letters} == {one.body for one in messages if one.malformed}
        assert due.waits
        assert verify_store(store, Objects(tmp_path / ".ostler" / "objects")) == ()
    # All of it is one run, and each cause one item.
    assert run("groom", "--due").code == 0
    assert run("groom", "--due").out == ""
    with opened(tmp_path) as store, store.reading() as session:
        assert len(latest_runs(session, 10)) == 1
        expected = {item_id("people", reported_check(g.alert)) for g in firing(session, "people")}
    items = {one["id"]: one["source"] for one in run("item", "--json").json}
    assert expected <= set(items)
    assert len(expected) == CAUSES
    assert run("audit", "verify").code == 0
