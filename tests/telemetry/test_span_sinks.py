"""Where spans go: the local file under trouble, and a real collector that works, fails or hangs."""

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from ostler.telemetry.collector import probe
from ostler.telemetry.setup import Telemetry, open_telemetry
from ostler.telemetry.spans import read_trace, traces_of, tree


class CollectorServer:
    """An OTLP collector over HTTP that remembers the names of the spans it got."""

    def __init__(self) -> None:
        self.status = 200
        self.requests = 0
        self.names: list[str] = []
        self.attributes: dict[str, str] = {}
        self.go_on = threading.Event()
        self.go_on.set()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                server.requests += 1
                server.go_on.wait(60)
                for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                    server.attributes |= {
                        a.key: a.value.string_value for a in resource.resource.attributes
                    }
                    for scope in resource.scope_spans:
                        server.names += [span.name for span in scope.spans]
                self.send_response(server.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.http.server_port}"
        self.thread = threading.Thread(target=self.http.serve_forever)
        self.thread.start()

    def stop(self) -> None:
        self.go_on.set()
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()


@pytest.fixture
def server() -> Iterator[CollectorServer]:
    opened = CollectorServer()
    yield opened
    opened.stop()


@pytest.fixture
def collector(server: CollectorServer, monkeypatch: pytest.MonkeyPatch) -> CollectorServer:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://{server.address}")
    return server


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "spans.db"


def run(telemetry: Telemetry, spans: int = 3) -> None:
    with telemetry.span("run", attributes={"groom.run.id": "R-1"}):
        for number in range(1, spans):
            with telemetry.span(f"step {number}", attributes={"n": number}):
                pass


def kept(file: Path) -> list[str]:
    (trace_id,) = traces_of(file, "R-1")
    return [line.name for line in tree(read_trace(file, trace_id))]


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.name.startswith("ostler.")]


def test_a_configured_collector_gets_every_span(collector: CollectorServer, file: Path) -> None:
    telemetry = open_telemetry(file)
    with telemetry.span("hostile", attributes={"a": "\ud800\x00", "b": 2**80, "c": float("nan")}):
        pass
    run(telemetry)
    telemetry.close()
    assert sorted(collector.names) == ["hostile", "run", "step 1", "step 2"]
    assert collector.attributes["service.name"] == "ostler"
    assert telemetry.problems == ()
    assert probe() == ""


def test_without_an_endpoint_nothing_is_sent(server: CollectorServer, file: Path) -> None:
    telemetry = open_telemetry(file)
    run(telemetry)
    telemetry.close()
    assert kept(file) == ["run", "step 1", "step 2"]
    assert (server.requests, probe()) == (0, "")


def test_the_environment_samples_what_is_sent_and_not_what_is_kept(
    collector: CollectorServer, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    telemetry = open_telemetry(file)
    run(telemetry)
    telemetry.close()
    assert collector.names == []
    assert kept(file) == ["run", "step 1", "step 2"]
    assert telemetry.problems == ()


def test_a_collector_that_fails_is_mentioned_once_and_stops_nothing(
    collector: CollectorServer, file: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    collector.status = 500
    telemetry = open_telemetry(file)
    run(telemetry)
    telemetry.close()
    assert kept(file) == ["run", "step 1", "step 2"]
    assert telemetry.problems == (
        f"3 of 3 spans were not sent to the collector at {collector.address}: it answered 500.",
    )
    assert probe() == f"The collector at {collector.address} does not work: it answered 500."
    assert capfd.readouterr() == ("", "")


def test_a_collector_that_hangs_is_left_behind(
    collector: CollectorServer, file: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    collector.go_on.clear()
    telemetry = open_telemetry(file)
    # Many more than its queue and one batch hold.
    run(telemetry, spans=4000)
    telemetry.close()
    # It still hangs: nobody has waited for it.
    assert not collector.go_on.is_set()
    assert len(kept(file)) == 4000
    (problem,) = telemetry.problems
    assert problem.startswith("4000 of 4000 spans were not sent")
    assert capfd.readouterr() == ("", "")


DOWN = """
import sys
from pathlib import Path
from ostler.telemetry.setup import open_telemetry
telemetry = open_telemetry(Path(sys.argv[1]))
with telemetry.span("run", attributes={"groom.run.id": "R-1"}):
    pass
telemetry.close()
print(telemetry.problems[0])
"""


def test_a_collector_that_is_down_costs_a_sentence(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://me:secret@127.0.0.1:9/v1")
    done = subprocess.run(
        [sys.executable, "-c", DOWN, str(file)], capture_output=True, text=True, check=True
    )
    assert done.stdout == (
        "1 of 1 spans were not sent to the collector at 127.0.0.1:9:"
        " it cannot be reached, or is too slow.\n"
    )
    assert done.stderr == ""
    assert kept(file) == ["run"]


def test_settings_that_cannot_be_used_cost_a_sentence(
    collector: CollectorServer, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "-1")
    telemetry = open_telemetry(file)
    run(telemetry)
    telemetry.close()
    assert kept(file) == ["run", "step 1", "step 2"]
    (problem,) = telemetry.problems
    assert problem.startswith(f"The collector at {collector.address} cannot be used")


WRITER = """
import sys
from pathlib import Path
from ostler.telemetry.setup import open_telemetry
telemetry = open_telemetry(Path(sys.argv[1]))
sys.stdin.readline()
for number in range(300):
    with telemetry.span("s", attributes={"groom.run.id": sys.argv[2]}):
        pass
telemetry.close()
print(len(telemetry.problems))
"""


def test_processes_that_write_at_once_lose_nothing(file: Path) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(file), run],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for run in ("R-1", "R-2", "R-3")
    ]
    for writer in writers:
        assert writer.stdin
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        assert writer.communicate() == ("0\n", "")
    assert [len(traces_of(file, run)) for run in ("R-1", "R-2", "R-3")] == [300] * 3


def test_spans_wait_while_another_holds_the_file(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    telemetry = open_telemetry(file)
    run(telemetry, spans=1)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with telemetry.span("meanwhile", attributes={"groom.run.id": "R-2"}):
            pass
        assert traces_of(file, "R-2") == ()
        assert "it is locked" in telemetry.problems[0]
        other.execute("COMMIT")
    telemetry.close()
    assert len(traces_of(file, "R-2")) == 1
    assert (telemetry.problems, warnings(caplog)) == ((), [])


@pytest.mark.parametrize("trouble", ["directory", "foreign", "not a folder"])
def test_a_file_that_cannot_be_written_is_warned_of_once(
    trouble: str, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    if trouble == "directory":
        file.mkdir()
    elif trouble == "foreign":
        file.write_text("not a database, but long enough to be looked at" * 100)
    else:
        (file.parent / "note").write_text("a file")
        file = file.parent / "note" / "spans.db"
    telemetry = open_telemetry(file)
    run(telemetry, spans=5)
    telemetry.close()
    (problem,) = telemetry.problems
    assert problem.startswith(f"5 spans could not be written to {file}: ")
    (message,) = warnings(caplog)
    assert message == f"The trace is incomplete: 1{problem[1:]}"


FULL_DISK = """
import resource, sys
from pathlib import Path
from ostler.telemetry.setup import open_telemetry
telemetry = open_telemetry(Path(sys.argv[1]))
with telemetry.span("before", attributes={"groom.run.id": "R-1"}):
    pass
resource.setrlimit(resource.RLIMIT_FSIZE, (90_000, resource.RLIM_INFINITY))
for number in range(200):
    with telemetry.span("s", attributes={"text": "x" * 900, "groom.run.id": "R-1"}):
        pass
print("the run goes on")
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
telemetry.close()
print(telemetry.problems)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_full_disk_costs_one_warning_and_no_span_once_there_is_room(file: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(file)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "the run goes on\n()\n"
    assert done.stderr.startswith("The trace is incomplete: ")
    assert done.stderr.count("\n") == 1
    assert len(traces_of(file, "R-1")) == 201
