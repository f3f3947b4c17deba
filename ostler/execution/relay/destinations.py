"""Destinations: who wants which events, in which form, and how they get there."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from urllib.parse import quote

from pydantic import JsonValue
from sqlmodel import Session

from ostler.config.settings import Settings
from ostler.config.timing import Notify
from ostler.core.canonical import canonical_json
from ostler.core.datasets import WORKSPACE
from ostler.core.errors import BadInput, OstlerError
from ostler.core.proposals import Proposal
from ostler.execution.relay.notices import after_quiet, concerns, notice
from ostler.execution.relay.people import ToPeople
from ostler.execution.relay.sending import Send, ToFile, ToServer
from ostler.store.documents import text_of
from ostler.store.outbox import OutboxEvent
from ostler.store.telling import KINDS
from ostler.store.times import stamp

Body = Callable[[Session, OutboxEvent], str]

LINEAGE_KINDS = ("proposal.executing", "execution.recorded")
"""What begins and what ends a run of OpenLineage."""

FILE_ATTEMPTS = 50
"""A file that cannot be written is tried as long as any server."""


@dataclass(frozen=True)
class Destination:
    """Somebody outside who is told."""

    name: str
    kinds: tuple[str, ...]
    """Kinds of events, with * and ?."""
    body: Body
    """What an event says there; made once, kept, and the same on every try. May raise."""
    send: Send
    attempts: int
    where: str
    """For people."""
    seconds: float
    """What a try takes at most."""

    concerns: Callable[[Session, OutboxEvent], bool] = lambda _session, _event: True
    """Whether an event of these kinds is about what it wants to hear of."""
    when: Callable[[datetime], datetime] = lambda at: at
    """When something that could be sent at a time is sent: then, or after its quiet hours."""

    def wants(self, session: Session, event: OutboxEvent) -> bool:
        """Whether it is told of this event."""
        of_kind = any(fnmatchcase(event.kind, kind) for kind in self.kinds)
        return of_kind and self.concerns(session, event)


def destinations_of(settings: Settings, root: Path) -> tuple[Destination, ...]:
    """All destinations that the settings of a workspace name, by name (BadInput)."""
    source = f"urn:ostler:{quote(root.name, safe='')}"

    def told(session: Session, event: OutboxEvent) -> str:
        return cloud_event(session, event, source)

    def traced(session: Session, event: OutboxEvent) -> str:
        # OpenLineage's classes cost start-up time, and most workspaces tell nobody.
        from ostler.execution.relay.lineage import openlineage

        return openlineage(session, event, settings.lineage)

    for name, effect in settings.effects.items():
        _refuse_unknown(f"effects.{name}.events", effect.events)
    for name, notify in settings.notify.items():
        _refuse_unknown(f"notify.{name}.events", notify.events)
    found = [
        Destination(
            name,
            effect.events,
            told,
            ToServer(effect, effect.url, "application/cloudevents+json; charset=utf-8"),
            effect.attempts,
            effect.url,
            effect.timeout_seconds,
        )
        for name, effect in settings.effects.items()
    ]
    found += [_people(name, one, settings) for name, one in settings.notify.items()]
    lineage = settings.lineage
    if lineage.file:
        path = root / lineage.file
        found.append(
            Destination(
                "lineage:file",
                LINEAGE_KINDS,
                traced,
                ToFile(path),
                FILE_ATTEMPTS,
                str(path),
                1,
                _about_a_table,
            )
        )
    if lineage.http is not None:
        url = lineage.http.url.rstrip("/") + "/api/v1/lineage"
        send = ToServer(lineage.http, url, "application/json")
        found.append(
            Destination(
                "lineage:http",
                LINEAGE_KINDS,
                traced,
                send,
                lineage.http.attempts,
                url,
                lineage.http.timeout_seconds,
                _about_a_table,
            )
        )
    return tuple(sorted(found, key=lambda one: one.name))


def _about_a_table(_session: Session, event: OutboxEvent) -> bool:
    return event.body.get("dataset") != WORKSPACE.name


def _refuse_unknown(where: str, patterns: tuple[str, ...]) -> None:
    for pattern in patterns:
        if not any(fnmatchcase(kind, pattern) for kind in KINDS):
            raise BadInput(
                f"{where}: no event is called {pattern!r}", f"there are: {', '.join(KINDS)}"
            )


def _people(name: str, to: Notify, settings: Settings) -> Destination:
    return Destination(
        f"notify:{name}",
        to.events,
        lambda _session, event: notice(event, settings.console_url),
        ToPeople(to),
        to.attempts,
        # Never the address: most hold a secret.
        "people, through Apprise",
        to.timeout_seconds,
        lambda session, event: concerns(session, event, to),
        lambda at: after_quiet(at, to),
    )


def cloud_event(session: Session, event: OutboxEvent, source: str) -> str:
    """An event as CloudEvents 1.0 in structured mode, as canonical JSON."""
    data = {**event.body, **_proposal(session, event)}
    subject = next((str(data[name]) for name in ("proposal", "item") if name in data), event.id)
    return canonical_json(
        {
            "specversion": "1.0",
            "id": event.id,
            "source": source,
            "type": f"ostler.{event.kind}",
            "subject": subject,
            "time": stamp(event.created_at),
            "datacontenttype": "application/json",
            "data": data,
        }
    )


def _proposal(session: Session, event: OutboxEvent) -> dict[str, JsonValue]:
    """What a proposal changes, in numbers and names; says so when its document was edited."""
    digest = event.body.get("digest")
    if not isinstance(digest, str):
        return {}
    try:
        text = text_of(session, digest, str(event.body.get("proposal")))
    except OstlerError:
        return {"document": "it does not match its digest"}
    proposal = Proposal.model_validate_json(text)
    patch = proposal.patch
    return {
        "action": proposal.draft.action.kind,
        "columns": list(patch.columns),
        "cells": patch.cells,
        "rows": patch.rows,
        "inserted": patch.inserted,
        "deleted": patch.deleted,
        "base_version": patch.base_version,
        "patch": patch.digest,
        "policy": proposal.verdict.policy,
        "downstream": list(proposal.dry_run.downstream),
    }
