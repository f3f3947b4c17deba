"""One run with every secret that Ostler can be handed, and none of them is anywhere afterwards."""

import io
import json
import re
import subprocess
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from model_server import KEY, Answer, Ask, ModelServer, completion

from ostler.cli.opening import Opened
from ostler.config.workspace import open_workspace
from ostler.core.errors import OstlerError
from ostler.triggers.service.guard import signature
from ostler.triggers.service.serving import guard_of, listening, served

Run = Callable[..., Any]
SECRETS = {
    "ALERT_TOKEN": "planted-alert-token-00001",
    "ALERT_HMAC": "planted-alert-hmac-000002",
    "EFFECT_TOKEN": "planted-effect-token-0003",
    "EFFECT_SIGNING": "planted-effect-signing-04",
    "OSTLER_DRILL_KEY": "planted-drill-key-0000005",
    "AWS_SECRET_ACCESS_KEY": "planted-aws-secret-000006",
    "OTEL_EXPORTER_OTLP_HEADERS": "authorization=planted-otlp-header-00007",
    "PASSPHRASE": "planted-passphrase-000008",
}
"""By the variable of the environment that holds it; the passphrase is typed."""


class Outside:
    """A server that takes whatever is posted, holds no file, and keeps what it was sent."""

    def __init__(self) -> None:
        self.got: list[tuple[str, str, str, bytes]] = []
        outside = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: object) -> None:
                """Nothing on the terminal."""

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outside.got.append((self.command, self.path, str(self.headers), body))
                self.send_response(200 if self.command == "POST" else 404)
                self.send_header("Content-Length", "0")
                self.end_headers()

        for command in ("GET", "HEAD", "POST", "PUT"):
            setattr(Handler, f"do_{command}", Handler.answer)

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.02,))
        self.thread.start()

    def heads(self, path: str) -> str:
        return "".join(heads for _, at, heads, _ in self.got if path in at)


@pytest.fixture
def outside() -> Iterator[Outside]:
    server = Outside()
    yield server
    server.http.shutdown()
    server.http.server_close()
    server.thread.join()


def keygen(path: Path, passphrase: str) -> Path:
    made = ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", "", "-f", str(path)]
    subprocess.run(made, check=True, timeout=60)
    return path


def in_favour(ask: Ask) -> Answer:
    advice = [{"draft": one["id"], "use": True} for one in ask.shown["drafts"]]
    return completion(json.dumps({"advice": advice}))


def settings(model: str, outside: str) -> dict[str, object]:
    return {
        "model": {"base_url": model, "name": "scripted"},
        "alerts": {"token": {"env": "ALERT_TOKEN"}, "hmac": {"env": "ALERT_HMAC"}},
        "drills": {"per_hundred": 50},
        "effects": {
            "all": {
                "url": f"{outside}/effect",
                "events": ["*"],
                "headers": {
                    "Authorization": "Bearer ${EFFECT_TOKEN}",
                    "X-Signature": "${EFFECT_SIGNING}",
                },
            }
        },
    }


def send_alerts(root: Path) -> str:
    """With the token, with a signature, and with neither; what was answered."""
    parts = Opened(open_workspace(root, search=False))
    guard = guard_of(parts.workspace.settings.alerts, "127.0.0.1", root)
    body = json.dumps({"dataset": "people", "rule": "a", "summary": "late"}).encode()
    stamp, said = str(int(time.time())), ""
    mark = signature(SECRETS["ALERT_HMAC"].encode(), stamp, "/alerts", body)
    bearer = {"Authorization": f"Bearer {SECRETS['ALERT_TOKEN']}"}
    opened = listening("127.0.0.1", 0)
    with served(parts.store, parts.intake, guard, 1_000, opened):
        for headers in (
            bearer,
            {"X-Ostler-Timestamp": stamp, "X-Ostler-Signature": mark},
            {"Authorization": f"Bearer {SECRETS['ALERT_TOKEN']}x"},
        ):
            asking = HTTPConnection("127.0.0.1", opened.getsockname()[1], timeout=30)
            asking.request("POST", "/alerts", body, headers)
            answer = asking.getresponse()
            said += f"{answer.status} {answer.read().decode()}\n"
            asking.close()
    parts.close()
    return said


def approve_all(root: Path, key: Path) -> str:
    """By a person whose key has a passphrase; what was said when it was wrong."""
    parts = Opened(open_workspace(root, search=False))
    with pytest.raises(OstlerError) as refused:
        parts.keyring.unlock(str(key), SECRETS["PASSPHRASE"] + "x")
    parts.keyring.unlock(str(key), SECRETS["PASSPHRASE"])
    for line in parts.desk.queue():
        card = parts.desk.card(line.id)
        if not card.refusal:
            parts.desk.approve(card)
    parts.close()
    return str(refused.value)


def test_no_secret_is_anywhere_after_a_run_with_all_of_them(
    run: Run,
    tmp_path: Path,
    own_state: Path,
    server: ModelServer,
    outside: Outside,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG", "ostler")
    server.follow(in_favour)
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    mine, bens = home / ".ssh" / "id_ed25519", home / "ben"
    keygen(mine, "")
    keygen(bens, SECRETS["PASSPHRASE"])
    monkeypatch.delenv("OSTLER_UNSIGNED_VOTES")
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    environment = {name: value for name, value in SECRETS.items() if name != "PASSPHRASE"}
    environment |= {"HOME": str(home), "OSTLER_WORK__RUNS": "0", "AWS_REGION": "eu-west-1"}
    environment |= {"AWS_ACCESS_KEY_ID": "AKIANOTSECRET", "AWS_ENDPOINT_URL": outside.url}
    environment |= {"AWS_ALLOW_HTTP": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": outside.url}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    rows = [f"{n},{'Lisbxn' if n == 7 else 'Lisbon'},1000" for n in range(60)]
    root = tmp_path / "here"
    root.mkdir()
    (root / "people.csv").write_text("\n".join(["id,city,zip", *rows]) + "\n")
    monkeypatch.chdir(root)
    said: list[str] = []

    def do(*args: str | Path, code: int = 0) -> Any:
        told = run(*args)
        said.extend((told.out, told.err))
        assert told.code == code, (args, told.err)
        return told

    do("init")
    (root / "ostler.yaml").write_text(yaml.safe_dump(settings(server.url, outside.url)))
    do("add", "people.csv", "--owner", "ana")
    do("add", "s3://lake/orders", "--key", "id", code=2)
    do("identity", "init")
    do("identity", "add", "ben", "--key", f"{bens}.pub", "--role", "owner")
    do("groom", "people")
    answers = send_alerts(root)
    assert re.findall("^[0-9]+", answers, re.MULTILINE) == ["200", "200", "401"]
    said.append(answers)
    with monkeypatch.context() as other:
        other.setenv("OSTLER_REVIEWER", "ben")
        other.setenv("OSTLER_REVIEWER_KEY", str(bens))
        said.append(approve_all(root, bens))
    do("work", "--once")
    [published, *_] = do("queue", "--state", "published", "--json").json
    for args in (
        *(("audit", "verify"), ("log", "--json"), ("trace", published["id"], "--json")),
        *(("outbox", "--json"), ("item", "--json"), ("audit", "export", "--dataset", "people")),
    ):
        do(*args, *(("out.zip",) if "export" in args else ()))
    said.extend((run("doctor").out, run("review", "--drill").err, caplog.text))

    # Each of them was used.
    assert SECRETS["EFFECT_TOKEN"] in outside.heads("/effect")
    assert SECRETS["EFFECT_SIGNING"] in outside.heads("/effect")
    assert "planted-otlp-header-00007" in outside.heads("/v1/traces")
    assert "AKIANOTSECRET" in outside.heads("/lake")
    assert KEY in str([ask.headers for ask in server.asked])
    assert any(path.is_file() for path in own_state.rglob("*")), "a receipt of the vote"
    secrets = [*(one.rpartition("=")[2] for one in SECRETS.values()), KEY]
    for name, content in everything(said, root, own_state, server, outside):
        for secret in secrets:
            assert secret.encode() not in content, (name, secret)


def everything(
    said: list[str], root: Path, person: Path, server: ModelServer, outside: Outside
) -> Iterator[tuple[str, bytes]]:
    """All that was said, sent and kept; what is packed as it reads unpacked."""
    yield from (("said", text.encode()) for text in said)
    yield from ((path, body) for _, path, _, body in outside.got)
    yield from (("prompt", ask.text.encode()) for ask in server.asked)
    kinds: set[str] = set()
    for path in (*root.rglob("*"), *person.rglob("*")):
        if not path.is_file():
            continue
        content = path.read_bytes()
        yield str(path), content
        if content[:4] == b"PAR1":
            kinds.add("parquet")
            yield str(path), repr(pq.read_table(io.BytesIO(content)).to_pydict()).encode()
        elif content[:2] == b"PK":
            kinds.add("zip")
            with zipfile.ZipFile(path) as bundle:
                yield from ((name, bundle.read(name)) for name in bundle.namelist())
        elif path.suffix == ".db":
            kinds.add(path.name)
    assert kinds == {"parquet", "zip", "state.db", "spans.db"}
