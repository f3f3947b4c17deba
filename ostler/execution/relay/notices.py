"""What people are told, about what, and when: short, with the command that opens it.

A notice goes to chats and mail clients, which turn text into links, mentions and formats. It says
ids, counts and names alone, and names that came from data only in letters, digits and blanks.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from zoneinfo import ZoneInfo

from pydantic import JsonValue
from sqlmodel import Session

from ostler.config.timing import Notify
from ostler.core.canonical import canonical_json
from ostler.core.errors import OstlerError
from ostler.core.sentences import shortened
from ostler.store.datasets import get_dataset
from ostler.store.items import get_item
from ostler.store.outbox import OutboxEvent
from ostler.store.telling import ANYONE, KINDS
from ostler.store.times import instant

_NAME = 40
"""Characters of a name that are shown."""

_CHECKS = 10
"""Checks of a gate that are listed."""

Data = Mapping[str, JsonValue]
Words = tuple[str, list[str]]
"""A title, and lines under it."""


def notice(event: OutboxEvent, console_url: str) -> str:
    """The title and the text of a notice, as canonical JSON; the same on every try."""
    title, lines = _WORDS.get(event.kind, _any(event.kind))(event.body)
    proposal = event.body.get("proposal")
    if console_url and isinstance(proposal, str):
        lines = [*lines, console_url.replace("{proposal}", inert(proposal))]
    # By this a person, too, sees that a message is a repetition.
    text = "\n".join([*lines, f"({event.id[:10]})"])
    return canonical_json({"title": title, "text": text})


def concerns(session: Session, event: OutboxEvent, to: Notify) -> bool:
    """Whether an event is about datasets, an owner and roles that somebody wants to hear of."""
    data = event.body
    if not any(fnmatchcase(str(data.get("dataset", "")), one) for one in to.datasets):
        return False
    if to.owner and _owner(session, event) not in ("", to.owner):
        return False
    roles = data.get("roles")
    return not (to.roles and isinstance(roles, dict)) or any(
        role in roles for role in (*to.roles, ANYONE)
    )


def after_quiet(at: datetime, to: Notify) -> datetime:
    """A time, or the end of the quiet hours that it falls into."""
    if to.quiet_hours is None:
        return at
    first, last = to.quiet_hours
    zone = ZoneInfo(to.zone)
    local = at.astimezone(zone)
    now = local.time()
    over_midnight = first > last
    quiet = (now >= first or now < last) if over_midnight else first <= now < last
    if not quiet:
        return at
    day = local.date() + timedelta(days=1 if over_midnight and now >= first else 0)
    return datetime.combine(day, last, zone).astimezone(UTC)


def inert(name: str) -> str:
    """A name in which nothing is a link, a mention or a format to any program."""
    shown = "".join(c if c.isalnum() or c in "_-" else " " for c in shortened(name, _NAME))
    return " ".join(shown.split()) or "(no name)"


def _owner(session: Session, event: OutboxEvent) -> str:
    """Who answers for what an event is about; empty when that cannot be read."""
    data = event.body
    try:
        if event.kind.startswith("item."):
            return get_item(session, str(data.get("item"))).item.owner
        return get_dataset(session, str(data.get("dataset"))).owner
    except OstlerError:
        return ""


def _parked(data: Data) -> Words:
    roles = data["roles"]
    for_whom = (
        [f"{inert(role)} ({number})" for role, number in roles.items()]
        if isinstance(roles, dict)
        else []
    )
    return (
        f"{_dataset(data)}: {_proposals(data)} for review",
        [f"Run {data['run']}; for {', '.join(for_whom)}", f"ostler review {data['proposal']}"],
    )


def _escalated(data: Data) -> Words:
    roles = data["roles"]
    named = " and ".join(inert(role) for role in roles) if isinstance(roles, dict) else ""
    return (
        f"{_dataset(data)}: a proposal waits past its SLA; {named} is asked as well",
        [f"ostler review {data['proposal']}"],
    )


def _expiring(data: Data) -> Words:
    until = instant(str(data["expires_at"]))
    return (
        f"{_dataset(data)}: {_proposals(data)} until {until:%d %b %H:%M} UTC only",
        ["Then they lapse.", f"ostler review {data['proposal']}"],
    )


def _gate(data: Data) -> Words:
    checks = data["checks"]
    failed = checks if isinstance(checks, list) else []
    lines = [_check(one) for one in failed[:_CHECKS] if isinstance(one, dict)]
    more = len(failed) - len(lines)
    return (
        f"{_dataset(data)}: the gate failed on version {data['version']}",
        [*lines, *([f"and {more:,} more checks"] if more else []), f"ostler gate {_dataset(data)}"],
    )


def _check(data: Data) -> str:
    columns = data["columns"]
    named = ", ".join(inert(str(one)) for one in columns) if isinstance(columns, list) else ""
    rule = str(data["rule"]).replace("_", " ")
    return f"{rule} {named}: {data['failing']:,} of {data['total']:,}; ostler item {data['item']}"


def _due(data: Data) -> Words:
    before = [f"The one before: ostler item {data['previous']}"] if data["previous"] else []
    return (
        f"{_dataset(data)}: {data['kind']} is due",
        [f"ostler item {data['item']}", *before],
    )


def _not_watched(data: Data) -> Words:
    return (
        f"{_dataset(data)}: the scheduled {inert(str(data['do']))} could not be done",
        ["ostler watch --plan says why"],
    )


def _any(kind: str) -> Callable[[Data], Words]:
    """Of all other events: what KINDS says of them, and the command that shows more."""

    def words(data: Data) -> Words:
        shown = [
            f"ostler {command} {inert(str(data[name]))}"
            for name, command in (("proposal", "show"), ("item", "item"))
            if data.get(name)
        ]
        return f"{_dataset(data)}: {kind}", [KINDS.get(kind, kind), *shown[:1]]

    return words


def _dataset(data: Data) -> str:
    return inert(str(data.get("dataset", "")))


def _proposals(data: Data) -> str:
    number = data["waiting"]
    return "1 proposal waits" if number == 1 else f"{number:,} proposals wait"


_WORDS: Mapping[str, Callable[[Data], Words]] = {
    "run.parked": _parked,
    "proposal.escalated": _escalated,
    "proposal.expiring": _expiring,
    "gate.failed": _gate,
    "item.due": _due,
    "watch.failed": _not_watched,
}
"""What is said of an event, by its kind."""
