"""Queues: events on their way out, alerts that came in, and what is due."""

from sqlalchemy import Index
from sqlmodel import Field

from ostler.store.models.stored import Stored


class OutboxRow(Stored, table=True):
    """An event to be told outside."""

    __table_args__ = (Index(None, "routed_at", "created_at", "event_id"),)
    event_id: str = Field(primary_key=True)
    kind: str
    body: str
    created_at: str
    routed_at: str | None
    """When it was handed to the destinations that want it, each with a delivery of its own."""


class DeliveryRow(Stored, table=True):
    """An event on its way to one destination."""

    __table_args__ = (Index(None, "state", "next_at", "event_id"),)
    event_id: str = Field(primary_key=True, foreign_key="outbox.event_id")
    destination: str = Field(primary_key=True)
    state: str
    body: str
    """Exactly what is sent, on every try."""
    attempts: int
    next_at: str
    answer: str
    """What the last try came to; partly from outside, so hostile."""
    changed_at: str


class RelayRow(Stored, table=True):
    """Who sends at the moment: one row, a lease."""

    name: str = Field(primary_key=True)
    owner: str
    lease_until: str


class AlertGroupRow(Stored, table=True):
    """Alerts of one cause; the document is `core.items.Alert`, what a run is told of them."""

    __table_args__ = (
        Index(None, "fingerprint", "last_at", "id"),
        Index(None, "dataset", "state", "id"),
        Index(None, "changed_at", "id"),
    )
    id: str = Field(primary_key=True)
    fingerprint: str
    """Of the dataset and the cause."""
    dataset: str
    state: str
    count: int
    """Alerts that said that something is wrong, repetitions apart."""
    first_at: str
    last_at: str
    """By the senders' own clocks, as is `first_at`."""
    run: str
    """The last run that looked into it; empty when none has since it began to fire."""
    version: int | None
    """Of the dataset, in that run."""
    digest: str = Field(foreign_key="document.digest")
    changed_at: str


class AlertRow(Stored, table=True):
    """An alert that was taken in: by this a repetition is known, and what still fires."""

    __table_args__ = (Index(None, "group_id", "instance", "state", "at"),)
    id: str = Field(primary_key=True)
    group_id: str = Field(foreign_key="alert_group.id")
    instance: str
    """What fires or is resolved, apart from when."""
    state: str
    at: str
    """By the sender's own clock."""
    received_at: str


class DeadLetterRow(Stored, table=True):
    """What was sent and could not be taken for an alert."""

    __table_args__ = (Index(None, "received_at", "id"),)
    id: str = Field(primary_key=True)
    adapter: str
    reason: str
    """Hostile: it may quote what was sent."""
    headers: str
    """Those that are part of the message, as a JSON object."""
    body: str
    """Base64; empty when it was too long to be kept."""
    size: int
    sha256: str
    count: int
    """How often it came."""
    received_at: str


class DueRow(Stored, table=True):
    """A dataset that something asked to be groomed; due while `marks` is ahead of `done`."""

    dataset: str = Field(primary_key=True)
    because: str
    whole: int
    """1 when the dataset as a whole is to be looked at, and not only what alerts name."""
    marks: int
    done: int
    marked_at: str
    next_at: str
    attempts: int
    owner: str
    lease_until: str | None
    problem: str
    """Why the last try failed; stays when it was given up."""


class ScheduleRow(Stored, table=True):
    """Something that comes again and again, and how far it has come."""

    id: str = Field(primary_key=True)
    what: str
    """For people."""
    mark: str
    """The last occurrence that somebody took: a time, or a version, written so that it sorts."""
    done: str
    """The last one that was dealt with; equal to `mark` while nobody is at it."""
    outcome: str
    """What came of that, for people."""
    attempts: int
    owner: str
    lease_until: str | None
    changed_at: str
