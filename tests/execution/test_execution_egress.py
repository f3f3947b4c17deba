"""What a worker reads stays here, whatever the environment asks for."""

import os
import subprocess
import sys


def test_no_graph_is_traced_for_a_third_party() -> None:
    asked = ("LANGSMITH_TRACING", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING_V2")
    code = (
        "import ostler.execution.graph\n"
        "from langsmith.utils import tracing_is_enabled\n"
        "raise SystemExit(bool(tracing_is_enabled()))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **dict.fromkeys(asked, "true")},
        check=False,
    )
    assert ended.returncode == 0
