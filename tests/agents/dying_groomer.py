"""A grooming run that is killed when the span of a node is entered or left.

python dying_groomer.py WORKSPACE enter|leave NODE
"""

import os
import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from ostler.agents.grooming import groom
from ostler.cli.opening import Opened
from ostler.config.workspace import open_workspace
from ostler.telemetry.setup import Kind, Span, Telemetry
from ostler.telemetry.values import Attributes


@dataclass(frozen=True)
class Dying(Telemetry):
    """Telemetry that kills its process at one moment."""

    when: str = ""
    name: str = ""

    @contextmanager
    def span(
        self,
        name: str,
        kind: Kind = "internal",
        attributes: Attributes | None = None,
        links: tuple[str, ...] = (),
        parent: str = "",
    ) -> Generator[Span, None, None]:
        if (self.when, self.name) == ("enter", name):
            os.kill(os.getpid(), signal.SIGKILL)
        with super().span(name, kind, attributes, links, parent) as span:
            yield span
        if (self.when, self.name) == ("leave", name):
            os.kill(os.getpid(), signal.SIGKILL)


def main(root: Path, when: str, node: str) -> None:
    parts = Opened(open_workspace(root, search=False))
    telemetry = Dying(parts.telemetry.tracer, parts.telemetry.sinks, when, f"invoke_agent {node}")
    groomer = replace(parts.groomer, telemetry=telemetry)
    groom(groomer, parts.dataset("people"), None, parts.datasets())


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
