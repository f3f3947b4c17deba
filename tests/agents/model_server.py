"""A scripted server that speaks Chat Completions, on a port of its own, with threads.

What it answers is a function of the request; it keeps every request that it got.
"""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "sk-not-a-real-key-0123456789"


@dataclass(frozen=True)
class Ask:
    """One request as it arrived."""

    path: str
    headers: Mapping[str, str]
    text: str
    number: int
    """Counted from 1 since the script was set."""

    @property
    def body(self) -> dict[str, Any]:
        return json.loads(self.text)

    @property
    def shown(self) -> dict[str, Any]:
        """The JSON in the last message: the drafts as the model sees them."""
        return json.loads(self.body["messages"][-1]["content"])


@dataclass(frozen=True)
class Answer:
    """What goes back over the wire."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    stay: str = "answer"
    """`answer`; `drop` closes the connection; `hang` says nothing; `drip` takes ten seconds."""


Script = Callable[[Ask], Answer]


def completion(content: str | None, finish: str = "stop", **message: Any) -> Answer:
    """A chat completion with one choice."""
    choice = {
        "index": 0,
        "finish_reason": finish,
        "message": {"role": "assistant", "content": content, **message},
    }
    return wire(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": "scripted",
            "choices": [choice],
            "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
        }
    )


def wire(document: object, status: int = 200) -> Answer:
    return Answer(json.dumps(document).encode(), status, {"Content-Type": "application/json"})


class ModelServer:
    """The server; `script` may be changed at any time."""

    def __init__(self) -> None:
        self.asked: list[Ask] = []
        self._script: Script = lambda _: wire({}, 500)
        self._over = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def follow(self, script: Script) -> None:
        """Answer so from now on, and forget what was asked before."""
        self._script = script
        self.asked = []

    def answer(self, path: str, headers: Mapping[str, str], text: str) -> Answer:
        ask = Ask(path, headers, text, len(self.asked) + 1)
        self.asked.append(ask)
        return self._script(ask)

    def wait(self, seconds: float) -> bool:
        """Wait so long, or until the server ends; whether it has ended."""
        return self._over.wait(seconds)

    def close(self) -> None:
        self._over.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


def _handler(server: ModelServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, format: str, *args: object) -> None:
            """Nothing on the terminal."""

        def do_GET(self) -> None:
            self._reply()

        def do_POST(self) -> None:
            self._reply()

        def _reply(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            text = self.rfile.read(length).decode("utf-8", "replace")
            answer = server.answer(self.path, {k.lower(): v for k, v in self.headers.items()}, text)
            self.close_connection = answer.stay != "answer"
            if answer.stay == "drop":
                return
            if answer.stay == "hang":
                server.wait(60)
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.stay == "drip":
                self.end_headers()
                self._drip()
                return
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def _drip(self) -> None:
            try:
                for _ in range(500):
                    if server.wait(0.02):
                        break
                    self.wfile.write(b" ")
            except OSError:
                pass  # the client has had enough

    return Handler
