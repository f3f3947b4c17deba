"""A worker on a real workspace that gets a signal at one moment of its work, or never.

    python dying_worker.py WORKSPACE [enter|leave STEP SIGNAL]

`STEP` is the name of a span without its first word; `SIGNAL` is KILL or STOP. A row that breaks a
criterion comes in just before the commit when the file `WORKSPACE/outsider` exists. Says `working`
on a line of its own when it begins.
"""

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "execution"))

from workbench import Hooked, Workbench, outsider_adds

from ostler.cli.opening import Opened
from ostler.config.workspace import open_workspace
from ostler.execution.worker import work_once, worker_lock


def main(root: Path, when: str = "", step: str = "", name: str = "") -> None:
    bench = Workbench(Opened(open_workspace(root, search=False)))
    span = f"groom.execute {step}".strip()

    def die() -> None:
        os.kill(os.getpid(), signal.Signals[f"SIG{name}"])

    def come_in() -> None:
        outsider_adds(bench.table, ("Fay", "Oslo", "new@example.org"))

    entered = {"groom.execute commit": come_in} if (root / "outsider").exists() else {}
    left = {}
    if when:
        {"enter": entered, "leave": left}[when][span] = die
    telemetry = bench.context.telemetry
    context = replace(
        bench.context, telemetry=Hooked(telemetry.tracer, telemetry.sinks, entered, left)
    )
    with worker_lock(bench.parts.workspace.work_lock):
        print("working", flush=True)
        work_once(context)
    bench.parts.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
