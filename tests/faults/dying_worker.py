"""A worker on a real workspace that gets a signal at one moment of its work, or never.

    python dying_worker.py WORKSPACE [enter|leave STEP SIGNAL]

`STEP` is the name of a span without its first word; `SIGNAL` is KILL or STOP. From the environment:
FAULT_REVOKE is the id of a proposal that is revoked in place of working; FAULT_HOST makes it a
worker of another machine, with a lock of its own and leases that end at once; FAULT_SHIFT are
seconds by which its clock is wrong. A row that breaks a criterion comes in just before the commit
when the file `WORKSPACE/outsider` exists. Says `working` on a line of its own when it begins.
"""

import os
import signal
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "execution"))

from workbench import Hooked, Workbench, outsider_adds

from ostler.cli.opening import Opened, now
from ostler.config.workspace import open_workspace
from ostler.execution.context import ExecutionContext
from ostler.execution.revoking import revoke
from ostler.execution.worker import work_once, worker_lock
from ostler.policies.requests import Principal


def main(root: Path, when: str = "", step: str = "", name: str = "") -> None:
    bench = Workbench(Opened(open_workspace(root, search=False)))
    span = f"groom.execute {step}".strip()

    again = iter([name])

    def die() -> None:
        # Once: a worker that was stopped and goes on may come to the same step again.
        if next(again, ""):
            os.kill(os.getpid(), signal.Signals[f"SIG{name}"])

    def come_in() -> None:
        outsider_adds(bench.table, ("Fay", "Oslo", "new@example.org"))

    entered = {"groom.execute commit": come_in} if (root / "outsider").exists() else {}
    left = {}
    if when:
        {"enter": entered, "leave": left}[when][span] = die
    telemetry = bench.context.telemetry
    shift = timedelta(seconds=float(os.environ.get("FAULT_SHIFT", "0")))
    context = replace(
        bench.context,
        telemetry=Hooked(telemetry.tracer, telemetry.sinks, entered, left),
        clock=lambda: now() + shift,
    )
    lock = bench.parts.workspace.work_lock
    host = os.environ.get("FAULT_HOST", "")
    if host:
        lock = lock.with_name(f"work-{host}.lock")
        context = replace(context, owner=f"{host}:{os.getpid()}", lease_seconds=0)
    proposal = os.environ.get("FAULT_REVOKE", "")
    if proposal:
        print("working", flush=True)
        take_back(bench, context, proposal)
    else:
        with worker_lock(lock):
            print("working", flush=True)
            work_once(context)
    bench.parts.close()


def take_back(bench: Workbench, context: ExecutionContext, proposal: str) -> None:
    record = bench.parts.desk.card(proposal).record
    revoke(context, record, Principal(kind="person", name="ben"), "it was a mistake")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
