"""The service over a real socket: who may send, how much, how often, and what it answers."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from desk import AlertDesk, ours

from ostler.config.outside import Secret
from ostler.config.settings import Alerts
from ostler.core.errors import BadInput
from ostler.triggers.service import app
from ostler.triggers.service.guard import Guard, signature
from ostler.triggers.service.serving import guard_of, is_loopback, listening, served

SECRET = b"a secret that nobody guesses"


@dataclass(frozen=True)
class Answer:
    status: int
    body: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Service:
    port: int

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            return Answer(answer.status, answer.read().decode(), dict(answer.headers))
        finally:
            connection.close()

    def post(
        self, document: object, path: str = "/alerts", headers: Mapping[str, str] | None = None
    ) -> Answer:
        return self.ask("POST", path, json.dumps(document).encode(), headers)


@contextmanager
def service(
    desk: AlertDesk, guard: Guard | None = None, per_minute: int = 10_000
) -> Generator[Service]:
    opened = listening("127.0.0.1", 0)
    with served(desk.store, desk.intake, guard or Guard(), per_minute, opened):
        yield Service(opened.getsockname()[1])


def test_what_was_sent_is_answered_with_what_became_of_it(desk: AlertDesk) -> None:
    with service(desk) as at:
        taken = at.post(ours())
        assert taken.status == 200
        assert json.loads(taken.body)["groups"] == [desk.group().id]
        assert json.loads(at.post(ours()).body)["known"] == 1
        assert at.ask("POST", "/alerts", b"nonsense").status == 400
        unknown = at.post(ours(dataset="nobody's"))
        assert unknown.status == 422
        assert json.loads(unknown.body)["error"] == 'unknown dataset: "nobody\'s"'
        assert at.post({}, "/alerts/fax").status == 404
        snapshot = {"metrics": [], "tests": [{"name": "drift", "status": "FAIL"}]}
        assert at.post(snapshot, "/alerts/evidently?dataset=people").status == 200
        event = {"ce-specversion": "1.0", "ce-type": "late", "ce-source": "/m", "ce-id": "1"}
        assert at.post({}, headers={**event, "ce-subject": "orders"}).status == 200
        assert at.ask("GET", "/alerts").status == 405
        metrics = at.ask("GET", "/metrics").body
        assert at.ask("GET", "/healthz").status == 200
        assert at.ask("GET", "/readyz").body == "ready\n"
    assert len(desk.letters()) == 3
    assert 'ostler_alerts_total{adapter="any",outcome="new"} 2.0' in metrics
    assert 'ostler_alert_requests_total{adapter="unknown",status="404"} 1.0' in metrics
    assert 'ostler_alert_groups{state="firing"} 3.0' in metrics
    assert "ostler_dead_letters 3.0" in metrics
    assert desk.is_sound()


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example.org"},
        {"Origin": "null"},
        {"Host": "evil.example.org"},
        {"Host": "127.0.0.1.evil.example.org:80"},
    ],
    ids=str,
)
def test_without_a_secret_no_page_in_a_browser_may_send(
    desk: AlertDesk, headers: dict[str, str]
) -> None:
    with service(desk) as at:
        assert at.post(ours(), headers=headers).status == 403
    assert desk.groups() == ()


def signed(body: bytes, target: str = "/alerts", age: float = 0) -> dict[str, str]:
    stamp = str(int(time.time() - age))
    mark = signature(SECRET, stamp, target, body)
    return {"X-Ostler-Timestamp": stamp, "X-Ostler-Signature": mark}


def test_a_token_or_a_signature_has_to_be_right_in_everything(desk: AlertDesk) -> None:
    token = b"another-secret-of-ours"
    body = json.dumps(ours()).encode()
    other = signed(body, "/alerts?dataset=people")
    wrong: list[dict[str, str]] = [
        {},
        {"Authorization": "Bearer "},
        {"Authorization": f"Basic {token.decode()}"},
        {"Authorization": f"Bearer {token.decode()}x"},
        signed(b"something else"),
        signed(body, age=1_000),
        signed(body, age=-1_000),
        other,
        {**signed(body), "X-Ostler-Timestamp": "1e9"},
        {**signed(body), "X-Ostler-Timestamp": "१२३"},
        {**signed(body), "X-Ostler-Signature": "sha256=é"},
        {**signed(body), "ce-specversion": "1.0"},
    ]
    with service(desk, Guard(token, SECRET)) as at:
        for headers in wrong:
            encoded = {k: v.encode().decode("latin-1") for k, v in headers.items()}
            assert at.ask("POST", "/alerts", body, encoded).status == 401, headers
        assert (desk.groups(), desk.letters()) == ((), ())
        assert at.ask("POST", "/alerts?dataset=people", body, other).status == 200
        right = {"Authorization": f"Bearer {token.decode()}", "Origin": "https://a.example.org"}
        assert at.ask("POST", "/alerts", body, right).status == 200
        assert at.ask("GET", "/metrics").status == 200


def test_too_much_too_often_and_too_slow_are_refused(
    desk: AlertDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "BODY_SECONDS", 0.3)
    with service(desk, per_minute=4) as at:
        long = at.ask("POST", "/alerts", b"x" * 1_000_001)
        assert long.status == 413
        [letter] = desk.letters()
        assert (letter.body, letter.size) == (None, 1_000_000)
        with socket.create_connection(("127.0.0.1", at.port), timeout=30) as slow:
            slow.sendall(b"POST /alerts HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{")
            assert slow.recv(100).startswith(b"HTTP/1.1 408")
        assert [at.post(ours()).status for _ in range(2)] == [200, 200]
        often = at.post(ours())
        assert (often.status, often.headers["retry-after"]) == (429, "15")
        assert at.ask("GET", "/healthz").status == 200


def test_when_the_database_cannot_be_written_the_sender_is_told_to_come_again(
    desk: AlertDesk, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'state.db'}?timeout=0.2"
    from ostler.store.engine import open_store

    impatient = AlertDesk(open_store(url, tmp_path / "heads.log"), tmp_path)
    with service(impatient) as at:
        with desk.store.transaction() as session:
            session.connection().exec_driver_sql("SELECT 1")
            answer = at.post(ours())
        assert answer.status == 503
        assert answer.headers["retry-after"] == "5"
        assert at.post(ours()).status == 200
    impatient.store.close()
    assert desk.group().count == 1


def test_at_the_end_what_was_begun_is_finished(desk: AlertDesk) -> None:
    answers: list[int] = []

    def send(at: Service, number: int) -> None:
        answers.append(at.post(ours(rule=f"r{number}")).status)

    with service(desk) as at:
        senders = [threading.Thread(target=send, args=(at, n)) for n in range(12)]
        with desk.store.transaction() as session:
            session.connection().exec_driver_sql("SELECT 1")
            for one in senders:
                one.start()
            deadline = time.monotonic() + 20
            while "ostler_alert_queue" not in at.ask("GET", "/metrics").body:
                assert time.monotonic() < deadline
            time.sleep(0.3)
    for one in senders:
        one.join()
    assert answers.count(200) == len(desk.groups())
    assert set(answers) <= {200, 503}
    assert len(answers) == 12


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False)]
    + [(name, False) for name in ("::", "10.1.2.3", "example.org", "")],
)
def test_elsewhere_than_on_this_machine_a_secret_is_needed(
    host: str, loopback: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert is_loopback(host) is loopback
    if loopback:
        assert guard_of(Alerts(), host, tmp_path).is_open
    else:
        with pytest.raises(BadInput, match="nobody would have to show a token"):
            guard_of(Alerts(), host, tmp_path)
    (tmp_path / "token").write_text("0123456789abcdef\n")
    guard = guard_of(Alerts(token=Secret(file="token")), host, tmp_path)
    assert guard.token == b"0123456789abcdef"
    monkeypatch.setenv("SHORT", "abc")
    for bad in (Secret(env="SHORT"), Secret(env="NOT_SET_AT_ALL"), Secret(file="none")):
        with pytest.raises(BadInput) as refused:
            guard_of(Alerts(hmac=bad), host, tmp_path)
        assert "abc" not in refused.value.message + refused.value.hint
