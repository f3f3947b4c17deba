"""The product in a process of its own: `ostler ARGS...`, one command after the other.

Reads `{"args": [...], "reviewer": "ana"}` and answers `{"code": 0, "out": "...", "err": "...",
"seconds": 0.1, "cpu": 0.1}`, JSON line by JSON line. What is measured is the command without the
start of Python, which a person at a console pays once. The folder that it is started in is the
workspace.
"""

import contextlib
import io
import json
import os
import sys
import time


def run(args: list[str]) -> tuple[int, str, str]:
    """Call the command line as a shell would."""
    from ostler.cli.main import main as ostler

    out, err = io.StringIO(), io.StringIO()
    sys.argv = ["ostler", *args]
    code = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            ostler()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
    return code, out.getvalue(), err.getvalue()


def main() -> None:
    """Run commands until standard input ends."""
    for name in [name for name in os.environ if name.startswith("OSTLER_")]:
        # Whoever measures has settings of their own; the benchmark has none but the defaults.
        del os.environ[name]
    for line in sys.stdin:
        command = json.loads(line)
        os.environ["OSTLER_REVIEWER"] = command["reviewer"]
        begun, busy = time.perf_counter(), time.process_time()
        code, out, err = run(command["args"])
        spent = {"seconds": time.perf_counter() - begun, "cpu": time.process_time() - busy}
        answer = {"code": code, "out": out, "err": err, **spent}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
