"""A server of the S3 protocol in a process of its own, which counts and can lose its answers."""

import json
import sys
import urllib.request
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

BUCKET = "lake"
_ASIDE = "/_ostler/"
_DENIED = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"

Environ = dict[str, Any]
Start = Callable[..., Any]


@dataclass
class Counting:
    """The server's application, with a count of what is asked for under each path."""

    application: Callable[[Environ, Start], Iterable[bytes]]
    sent: int = 0
    requests: int = 0
    lose: int = 0
    """How many of the next commits are done but answered as if they had failed."""
    deny: bool = False
    """Whether data files, not the log, are refused."""

    def __call__(self, environ: Environ, start: Start) -> Iterable[bytes]:
        path = str(environ["PATH_INFO"])
        if path.startswith(_ASIDE):
            return self._aside(path, start)
        self.requests += 1
        if self.deny and path.endswith(".parquet"):
            start("403 Forbidden", [("Content-Type", "application/xml")])
            return [] if environ["REQUEST_METHOD"] == "HEAD" else [_DENIED]
        if self.lose and environ["REQUEST_METHOD"] == "PUT" and "/_delta_log/" in path:
            self.lose -= 1
            b"".join(self.application(environ, lambda *_: None))
            start("500 Internal Server Error", [("Content-Length", "0")])
            return []
        parts = list(self.application(environ, start))
        if environ["REQUEST_METHOD"] == "GET":
            self.sent += sum(map(len, parts))
        return parts

    def _aside(self, path: str, start: Start) -> Iterable[bytes]:
        self.deny = path.endswith("deny")
        if "lose=" in path:
            self.lose = int(path.partition("lose=")[2])
        said = json.dumps({"sent": self.sent, "requests": self.requests, "lose": self.lose})
        start("200 OK", [("Content-Type", "application/json")])
        return [said.encode()]


@dataclass(frozen=True)
class ObjectStore:
    """The server as a test sees it."""

    endpoint: str

    @property
    def counts(self) -> dict[str, int]:
        """Bytes sent and requests answered so far."""
        return self._ask("counts")

    def lose_answers(self, number: int) -> None:
        """Do the next commits, but answer that they failed."""
        self._ask(f"lose={number}")

    def deny_data(self) -> None:
        """Refuse data files until something else is asked for."""
        self._ask("deny")

    def allow(self) -> None:
        """Refuse nothing."""
        self._ask("allow")

    def _ask(self, what: str) -> dict[str, int]:
        with urllib.request.urlopen(f"{self.endpoint}{_ASIDE}{what}") as answer:
            return json.loads(answer.read())


def main() -> None:
    """Serve on a free port, which is printed."""
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    application = Counting(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, application, threaded=True)
    sys.stdout.write(f"{server.port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
