"""A batch of 64 that does not hold its criteria: few measurements name who has to leave."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import pytest
from workbench import ONE_MAIL_EACH, Workbench, outsider_adds

from ostler.core.items import Criterion
from ostler.core.proposals import Proposal
from ostler.core.states import ProposalState
from ostler.execution.worker import work_once
from ostler.telemetry.setup import NO_TELEMETRY, Attributes, Kind, Span, Telemetry

COUNT = 64


@dataclass(frozen=True)
class Counted(Telemetry):
    """Telemetry that notes the names of its spans."""

    spans: list[str] = field(default_factory=list[str])

    @contextmanager
    def span(
        self,
        name: str,
        kind: Kind = "internal",
        attributes: Attributes | None = None,
        links: tuple[str, ...] = (),
        parent: str = "",
    ) -> Generator[Span, None, None]:
        """A span, counted."""
        self.spans.append(name)
        with super().span(name, kind, attributes, links, parent) as span:
            yield span

    @property
    def measurements(self) -> int:
        """How often a stage or a version was measured."""
        return self.spans.count("groom.execute measure")


def batch(
    bench: Workbench, mails: dict[int, str], criterion: Criterion = ONE_MAIL_EACH
) -> list[Proposal]:
    """Sixty-four approved proposals, one per row, some of which set such a mail."""
    people = [(f"N{n}", "Oslo", f"{n}@example.org") for n in range(COUNT)]
    outsider_adds(bench.table, *people)
    return [
        bench.approved(
            (str(6 + n), "mail", f"{n}@example.org", mails.get(n, f"{n}@example.com")),
            criterion=criterion,
        )
        for n in range(COUNT)
    ]


@pytest.mark.parametrize(
    ("mails", "gone", "most"),
    [
        ({}, (), 2),
        ({41: "ana@example.org"}, (41,), 16),
        ({3: "ana@example.org", 50: "ben@example.org"}, (3, 50), 28),
        # Each would do alone; together they do not, and the one that was approved first stays.
        ({7: "same@example.org", 60: "same@example.org"}, (60,), 16),
    ],
)
def test_few_measurements_find_the_culprits_and_the_rest_is_one_commit(
    bench: Workbench, mails: dict[int, str], gone: tuple[int, ...], most: int
) -> None:
    made = batch(bench, mails)
    version = bench.table.version
    telemetry = Counted(NO_TELEMETRY.tracer, ())
    work_once(replace(bench.context, telemetry=telemetry))
    failed = [n for n, p in enumerate(made) if bench.state(p) is ProposalState.FAILED]
    assert failed == list(gone)
    assert bench.table.version == version + 1
    assert len(bench.table.history()[0].proposals) == COUNT - len(gone)
    # The last two are the batch that is left, on its stage and in the table.
    assert telemetry.measurements <= most
