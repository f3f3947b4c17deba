"""What the watch over whole flows cannot see is shut: engines reach no address by themselves."""

import os
import subprocess
import tempfile
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import duckdb
import pytest
from watching import at_home, watched

from ostler.tables.engine import compute


def test_the_engine_has_no_way_to_the_network_of_its_own() -> None:
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        do_HEAD = do_GET  # noqa: N815 (the library names it)

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        for scheme in ("http", "https", "s3", "gcs", "hf"):
            with pytest.raises(duckdb.Error):
                compute(f"FROM read_csv('{scheme}://127.0.0.1:{server.server_port}/x.csv')")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert asked == []
    names = ("autoinstall_known_extensions", "autoload_known_extensions")
    [states] = compute("SELECT " + ", ".join(f"current_setting('{name}')" for name in names))
    assert states == (False, False)


def test_the_watch_sees_what_it_is_there_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with watched() as reached:
        subprocess.run(["true"], check=True)
        (tmp_path / "here").write_text("x")
        os.fdopen(os.dup(1), "w").close()
    assert [one.partition(" ")[0] for one in reached.outside(tmp_path)] == ["subprocess.Popen"]
    assert str(tmp_path / "here") in reached.outside()
    with pytest.raises(AssertionError), at_home(tmp_path, monkeypatch):
        # In code of its own, of which Python is told nothing.
        duckdb.sql(f"COPY (SELECT 1) TO '{tempfile.gettempdir()}/owned.csv'")
    assert (tmp_path / "tmp" / "owned.csv").exists()
