"""What a run reads goes to the configured model and to nobody else."""

import os
import subprocess
import sys
from pathlib import Path

import yaml
from asking import good
from model_server import KEY, ModelServer, wire
from workshop import dirty_rows, open_workshop

TRACING = (
    "LANGSMITH_TRACING_V2",
    "LANGCHAIN_TRACING_V2",
    "LANGSMITH_TRACING",
    "LANGCHAIN_TRACING",
)


def test_no_trace_is_sent_whatever_the_environment_says(
    server: ModelServer, tmp_path: Path
) -> None:
    root = tmp_path / "here"
    open_workshop(root, dirty_rows()).parts.close()
    listener = ModelServer()
    listener.follow(lambda _: wire({}))
    server.follow(good)
    settings = {"model": {"base_url": server.url, "name": "scripted"}}
    (root / "ostler.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    told = {
        name: value
        for where in ("LANGSMITH", "LANGCHAIN")
        for name, value in (
            (f"{where}_ENDPOINT", listener.url),
            (f"{where}_API_KEY", "not-a-real-key"),
        )
    }
    ran = subprocess.run(
        [sys.executable, "-m", "ostler", "groom", "people"],
        cwd=root,
        env={**os.environ, **dict.fromkeys(TRACING, "true"), **told, "OSTLER_MODEL_API_KEY": KEY},
        capture_output=True,
        text=True,
        check=False,
    )
    listener.close()
    assert ran.returncode == 0, ran.stderr
    assert len(server.asked) == 1
    assert listener.asked == []
