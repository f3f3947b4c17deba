"""Sail, a server of Spark Connect that needs no Java, in this process."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def sail_server() -> Iterator[str]:
    """Its address, while it runs."""
    from pysail.spark import SparkConnectServer

    server = SparkConnectServer(port=0)
    server.start(background=True)
    host, port = server.listening_address
    with pytest.MonkeyPatch.context() as patch:
        # A process whose main module has no file, as pytest-xdist's workers are, is taken by
        # Spark's client for a run of its own doctests.
        patch.setattr(sys.modules["__main__"], "__file__", __file__, raising=False)
        yield f"sc://{host}:{port}"
    server.stop()
