"""A server beside the process: in a thread of its own, and ended with what it was opened for."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from socket import socket

import uvicorn


@contextmanager
def in_background(config: uvicorn.Config, opened: socket) -> Generator[None]:
    """Serve on a socket; at the end requests under way are finished. The socket stays open."""
    server = uvicorn.Server(config)
    # In a thread of its own, where it leaves the process' signals alone.
    thread = threading.Thread(target=server.run, kwargs={"sockets": [opened]}, name="http")
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()
