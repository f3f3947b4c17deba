"""What Prometheus reads at /metrics: what the service does, and how the backlog stands."""

from collections.abc import Iterable, Iterator

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ostler.store import alerts, dead_letters, deliveries, due, items, proposals
from ostler.store.deliveries import DeliveryState
from ostler.store.engine import Store
from ostler.triggers.alerts.reading import ADAPTERS
from ostler.triggers.alerts.taking import Taken
from ostler.triggers.service.writer import Writer

# When a counter began is of no use to anybody here, and doubles the number of series.
disable_created_metrics()

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """Counters of one service."""

    def __init__(self, store: Store, writer: Writer) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_State(store, writer))
        self._requests = Counter(
            "ostler_alert_requests",
            "Requests that alerts came in, or were to come in",
            ("adapter", "status"),
            registry=self._registry,
        )
        self._alerts = Counter(
            "ostler_alerts",
            "Alerts by what became of them",
            ("adapter", "outcome"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "ostler_alert_request_seconds",
            "From a request's first byte to the commit of its alerts",
            registry=self._registry,
        )

    def answered(self, adapter: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._requests.labels(_label(adapter), str(status)).inc()
        self._seconds.observe(seconds)

    def took(self, adapter: str, taken: Taken) -> None:
        """Count its alerts."""
        counts = {
            "new": taken.new,
            "repeated": taken.known,
            "passed": taken.passed,
            "refused": len(taken.refused),
        }
        for outcome, number in counts.items():
            self._alerts.labels(_label(adapter), outcome).inc(number)

    def text(self) -> bytes:
        """Everything, in Prometheus' text format; reads the state database."""
        return generate_latest(self._registry)


class _State(Collector):
    """How the backlog stands, read when it is asked for."""

    def __init__(self, store: Store, writer: Writer) -> None:
        self._store = store
        self._writer = writer

    def describe(self) -> list[Metric]:
        """Nothing, so that making the registry reads no database."""
        return []

    def collect(self) -> Iterator[Metric]:
        with self._store.reading() as session:
            groups = alerts.group_counts(session)
            letters = dead_letters.count_letters(session)
            waiting = due.list_due(session)
            states = proposals.counts(session)
            backlog = items.item_counts(session)
            undelivered = deliveries.delivery_counts(session)[DeliveryState.DEAD]
        yield _gauge("ostler_alert_groups", "Causes by state", "state", groups.items())
        yield _gauge("ostler_proposals", "Proposals by state", "state", states.items())
        yield _gauge("ostler_items", "Backlog items by state", "state", backlog.items())
        for name, help_text, value in (
            ("ostler_alert_queue", "Messages that wait to be written", self._writer.waiting),
            ("ostler_dead_letters", "Messages that could not be taken for alerts", letters),
            ("ostler_due_datasets", "Datasets that wait for a run", _count(waiting, waits=True)),
            (
                "ostler_due_given_up",
                "Datasets whose run was given up",
                _count(waiting, waits=False),
            ),
            ("ostler_events_dead", "Events that could not be delivered outside", undelivered),
        ):
            yield GaugeMetricFamily(name, help_text, value=value)


def _count(found: tuple[due.Due, ...], *, waits: bool) -> int:
    return sum(one.waits is waits for one in found)


def _gauge(
    name: str, help_text: str, label: str, values: Iterable[tuple[str, int]]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, help_text, labels=[label])
    for value, number in values:
        family.add_metric([value], number)
    return family


def _label(adapter: str) -> str:
    """Only names of ours: a stranger's would each be a new time series."""
    return adapter if adapter in ADAPTERS else "any" if not adapter else "unknown"
