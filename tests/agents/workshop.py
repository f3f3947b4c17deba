"""A real workspace with a small dirty table, made by the ways that the commands take."""

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from ostler.agents.grooming import Groomed, Groomer, groom
from ostler.agents.model import ModelClient
from ostler.agents.outputs import Judged, Proposed
from ostler.cli.add import take
from ostler.cli.init import write_policies
from ostler.cli.opening import Opened
from ostler.config.workspace import Workspace, create_workspace
from ostler.core.canonical import Digest
from ostler.core.items import Alert
from ostler.store.proposals import ProposalRecord, queue
from ostler.store.runs import RunRecord, get_run
from ostler.telemetry.spans import SpanRecord, read_trace
from ostler.telemetry.traceparent import derived

COLUMNS = ("city", "state", "phone")
PLACES = (("Ashford Mills", "NC"), ("Coldwater", "VT"), ("Glenrock", "OR"), ("Larkspur", "NM"))
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

Rows = list[list[str]]


def dirty_rows() -> Rows:
    """48 rows with capitals and a typo in `city`, a state that its city contradicts, and blanks."""
    rows = [[*PLACES[n % 4], f"{200 + 7 * n}-555-{n:04}"] for n in range(48)]
    rows[3][0] = "Larkspurr"
    rows[13][1] = "OR"
    for place in (18, 22, 27):
        rows[place][0] = rows[place][0].upper()
    for place in (5, 17, 29):
        rows[place][2] = f"  {rows[place][2]} "
    return rows


def write_csv(path: Path, rows: Sequence[Sequence[str]], columns: Sequence[str] = COLUMNS) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *rows])
    return path


@dataclass(frozen=True)
class Workshop:
    """An open workspace, and what a test wants to know of it."""

    parts: Opened

    @cached_property
    def groomer(self) -> Groomer:
        """Without a model, at noon."""
        return replace(self.parts.groomer, clock=lambda: NOON)

    def groom(
        self,
        model: ModelClient | None = None,
        *,
        dataset: str = "people",
        alert: Alert | None = None,
        contract: str | None = None,
    ) -> Groomed:
        """One run; at another time than all before it, as runs are."""
        groomer = replace(self.groomer, model=model) if model else self.groomer
        return groom(
            replace(groomer, clock=lambda: datetime.now(UTC)),
            self.parts.dataset(dataset),
            contract,
            self.parts.datasets(),
            alerts=() if alert is None else (alert,),
        )

    def record(self, run: str) -> RunRecord:
        with self.parts.store.reading() as session:
            return get_run(session, run)

    def steps(self, run: str) -> dict[str, Digest]:
        return {step.name: step.digest for step in self.record(run).steps}

    def proposed(self, run: str) -> Proposed:
        return Proposed.model_validate(self.parts.objects.get(self.steps(run)["propose"]))

    def judged(self, run: str) -> Judged:
        return Judged.model_validate(self.parts.objects.get(self.steps(run)["gate"]))

    def queue(self) -> tuple[ProposalRecord, ...]:
        with self.parts.store.reading() as session:
            return queue(session)

    def spans(self, run: str) -> tuple[SpanRecord, ...]:
        return read_trace(self.parts.workspace.spans, derived("run", run).split("-")[1])

    def span(self, run: str, beginning: str) -> SpanRecord:
        [found] = [span for span in self.spans(run) if span.name.startswith(beginning)]
        return found

    def everything(self) -> bytes:
        """All bytes that the workspace keeps, one file after the other."""
        files = sorted(p for p in self.parts.workspace.root.rglob("*") if p.is_file())
        return b"\n".join(path.read_bytes() for path in files)


def open_workshop(
    root: Path, rows: Sequence[Sequence[str]], columns: Sequence[str] = COLUMNS
) -> Workshop:
    """A new workspace with one dataset, `people`."""
    workspace = create_workspace(root)
    write_policies(workspace.policies)
    settings = workspace.settings.model_copy(update={"reviewer": "ana"})
    workshop = Workshop(Opened(Workspace(workspace.root, settings)))
    take(workshop.parts, write_csv(root / "people.csv", rows, columns), "people", owner="ana")
    return workshop


def shown_to_model(body: dict[str, object]) -> dict[str, object]:
    """The JSON that stands in the last message of a request."""
    messages = body["messages"]
    assert isinstance(messages, list)
    shown = json.loads(messages[-1]["content"])
    assert isinstance(shown, dict)
    return shown
