"""A real HTTP server that records what it is sent and misbehaves as it is told."""

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Request:
    path: str
    key: str
    body: bytes
    authorization: str


@dataclass
class Receiver:
    """`plan` says what to do with the next requests; when it is empty they are taken with 200."""

    url: str = ""
    plan: list[str] = field(default_factory=list[str])
    got: list[Request] = field(default_factory=list[Request])
    on_request: Callable[[], object] = lambda: None
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def keys(self) -> list[str]:
        return [request.key for request in self.got]


@contextmanager
def receiving() -> Generator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.got.append(
                Request(
                    self.path,
                    self.headers["Idempotency-Key"],
                    body,
                    self.headers.get("Authorization", ""),
                )
            )
            receiver.on_request()
            todo = receiver.plan.pop(0) if receiver.plan else "200"
            self.close_connection = True
            if todo == "drop":
                return
            if todo == "hang":
                receiver.released.wait(30)
                return
            status, _, extra = todo.partition(" ")
            self.send_response(int(status))
            if extra:
                name, _, value = extra.partition(": ")
                self.send_header(name, value)
            said = b"" if status == "200" else b"\x1b[31mno \xe2\x80\xae" + self._echo()
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def _echo(self) -> bytes:
            return self.headers.get("Authorization", "").encode()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield receiver
    receiver.released.set()
    server.shutdown()
    thread.join()
    server.server_close()
