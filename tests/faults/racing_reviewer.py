"""Votes on proposals, each at a given moment, and says what came of it.

    python racing_reviewer.py WORKSPACE PERSON approve|reject

Reads lines `ID MOMENT` (a time of `time.monotonic`); answers a line for each: the state that the
vote left, or the class of the error.
"""

import sys
import time
from dataclasses import replace
from pathlib import Path

from ostler.cli.opening import Opened
from ostler.config.workspace import open_workspace
from ostler.core.errors import OstlerError


def main(root: Path, person: str, decision: str) -> None:
    parts = Opened(open_workspace(root, search=False))
    desk = replace(parts.desk, reviewer=person)
    print("ready", flush=True)
    for line in sys.stdin:
        name, moment = line.split()
        card = desk.card(name)
        print("seen", flush=True)
        while time.monotonic() < float(moment):
            pass
        try:
            state = desk.approve(card) if decision == "approve" else desk.reject(card, "no")
            print(state.value, flush=True)
        except OstlerError as error:
            print(type(error).__name__, flush=True)
    parts.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
