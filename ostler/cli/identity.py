"""`ostler identity`: who is who, by which keys, in which roles."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ostler.cli import options
from ostler.cli.keys import public_key_file, public_line
from ostler.cli.options import example
from ostler.cli.roster_changes import (
    electorate_now,
    put_next,
    roster_in_force,
    roster_needed,
    sign_and_install,
)

if TYPE_CHECKING:
    from ostler.core.roster import Holding, Member

identities = typer.Typer(
    help="Who is who: people with their SSH keys and roles, and the roster that says so.",
    no_args_is_help=True,
    epilog=example(
        "ostler identity init",
        "ostler identity add ben --key ben.pub --role steward --role owner:people",
        "ostler identity delegate ben --role owner --until 2026-12-31",
        "ostler identity export > allowed_signers",
    ),
)

Name = Annotated[str, typer.Argument(help="Of a person or an agent.")]
Roles = Annotated[
    list[str] | None,
    typer.Option(
        "--role",
        metavar="ROLE[:DATASET|:#TAG]",
        help="A role, everywhere or for a dataset or a tag. Repeatable.",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(help="Only write the next roster there, to be signed elsewhere and installed."),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(identities, name="identity")


@identities.command(epilog=example("ostler identity init", "ostler identity init --key id.pub"))
def init(
    key: Annotated[
        Path | None, typer.Option(help="Your key; by default the first one of ~/.ssh.")
    ] = None,
    role: Roles = None,
    workspace: options.Workspace = None,
) -> None:
    """Make the first roster, with you as its administrator, and sign it with the key you have.

    From then on every vote is signed, and only by keys that a signed roster names.
    """
    from ostler.cli.opening import opened
    from ostler.cli.output import say
    from ostler.core.errors import Conflict
    from ostler.core.roster import ADMINISTRATOR, Holding, Key, Member, Roster
    from ostler.store.sshsig import fingerprint

    with opened(workspace) as parts:
        if roster_in_force(parts) is not None:
            raise Conflict("there is a roster already", "add people: ostler identity add")
        path = public_key_file(key)
        line = public_line(path)
        held = (Holding(role=ADMINISTRATOR), *map(_holding, role or ("owner",)))
        name = parts.workspace.reviewer
        me = Member(name=name, kind="person", keys=(Key(line=line),), roles=held)
        agents = tuple(Member(name=one, kind="agent") for one in _AGENTS)
        made = Roster(number=1, members=(me, *agents))
        sign_and_install(parts, made, path)
        say(f"{name} is {fingerprint(line)}, {' and '.join(one.role for one in held)}")
        say("votes are signed from now on; add others: ostler identity add NAME --key FILE.pub")
        if parts.workspace.settings.people:
            say("note: `people:` in ostler.yaml counts for nothing any more; roles stand here")


_AGENTS = (
    *("alerts", "contracts", "executor", "groomer"),
    *("proposer", "reverter", "schema", "watcher"),
)
"""What acts for itself; listed so that nobody takes such a name, and none of them ever votes."""


@identities.command(
    epilog=example(
        "ostler identity add ben --key ben.pub --role steward",
        "ostler identity add cy --key cy.pub --role owner:people --valid-before 2027-01-01",
    )
)
def add(
    name: Name,
    key: Annotated[
        list[Path] | None, typer.Option(help="A public key of theirs (.pub). Repeatable.")
    ] = None,
    role: Roles = None,
    agent: Annotated[bool, typer.Option("--agent", help="It is an agent.")] = False,
    valid_after: Annotated[datetime | None, typer.Option(help="When the keys begin.")] = None,
    valid_before: Annotated[datetime | None, typer.Option(help="When they end.")] = None,
    out: Out = None,
    workspace: options.Workspace = None,
) -> None:
    """Add somebody, or put them in the place of who bore the name, in a roster that you sign."""
    from ostler.cli.opening import opened
    from ostler.core.names import same_name
    from ostler.core.roster import Key, Member

    with opened(workspace) as parts:
        before = roster_needed(parts)
        keys = tuple(
            Key(
                line=public_line(one),
                valid_after=_utc(valid_after),
                valid_before=_utc(valid_before),
            )
            for one in key or ()
        )
        kind = "agent" if agent else "person"
        member = Member(name=name, kind=kind, keys=keys, roles=tuple(map(_holding, role or ())))
        others = (m for m in before.roster.members if same_name(m.name) != same_name(name))
        put_next(parts, before, (*others, member), out)


@identities.command(epilog=example("ostler identity remove ben"))
def remove(name: Name, out: Out = None, workspace: options.Workspace = None) -> None:
    """Take somebody out; votes of theirs that no worker has taken yet no longer count."""
    from ostler.cli.opening import opened
    from ostler.core.errors import NotFound
    from ostler.core.names import same_name

    with opened(workspace) as parts:
        before = roster_needed(parts)
        if before.roster.member(name) is None:
            raise NotFound(f"{name} is not in the roster", "see: ostler identity list")
        others = (m for m in before.roster.members if same_name(m.name) != same_name(name))
        put_next(parts, before, tuple(others), out)


@identities.command("list", epilog=example("ostler identity list", "ostler identity list --json"))
def show_all(workspace: options.Workspace = None, as_json: options.Json = False) -> None:
    """Who is who by the roster in force, and who stands in for whom."""
    from ostler.cli.opening import now, opened
    from ostler.cli.output import print_json, print_table, say
    from ostler.store.sshsig import fingerprint

    with opened(workspace) as parts:
        found, who = roster_needed(parts), electorate_now(parts)
    if as_json:
        print_json({"roster": found.roster, "delegations": who.delegations})
        return
    print_table(
        ("name", "kind", "roles", "keys"),
        [
            (
                one.name,
                one.kind,
                ", ".join(_held(one)),
                ", ".join(
                    fingerprint(k.line) + ("" if k.valid(now()) else " (not valid now)")
                    for k in one.keys
                ),
            )
            for one in found.roster.members
        ],
    )
    for one in who.delegations:
        say(
            f"{one.id}: {one.delegate} is {one.role} for {one.delegator} until {one.until:%Y-%m-%d}"
        )
    say(f"roster {found.roster.number}, signed by {fingerprint(found.signer)}")


@identities.command(epilog=example("ostler identity export > allowed_signers"))
def export(workspace: options.Workspace = None) -> None:
    """Everybody's keys in OpenSSH's format, to check a vote with `ssh-keygen -Y verify`."""
    from ostler.cli.opening import opened

    with opened(workspace) as parts:
        roster = roster_needed(parts).roster
    for one in roster.members:
        for line in _allowed(one) if one.kind == "person" else ():
            typer.echo(line)


def _allowed(member: "Member") -> list[str]:
    """Lines of an allowed_signers file; a name with a quote or a comma is written without it."""
    from ostler.replay.evidence.bundle import NAMESPACE as EVIDENCE
    from ostler.store.ballots import VOTE
    from ostler.store.deeds import DEED
    from ostler.store.rosters import DELEGATION, ROSTER

    name = "".join(c for c in member.name if c.isprintable() and c not in '"\\,*?!')
    lines: list[str] = []
    for key in member.keys:
        limits = [f'namespaces="{",".join((VOTE, DEED, DELEGATION, ROSTER, EVIDENCE))}"']
        if key.valid_after:
            limits.append(f'valid-after="{key.valid_after:%Y%m%d%H%M%S}Z"')
        if key.valid_before:
            limits.append(f'valid-before="{key.valid_before:%Y%m%d%H%M%S}Z"')
        lines.append(f'"{name}" {",".join(limits)} {key.line}')
    return lines


def _holding(text: str) -> "Holding":
    from ostler.core.errors import BadInput
    from ostler.core.roster import Holding

    role, _, place = text.partition(":")
    if not role.strip():
        raise BadInput(f"{text!r} names no role", "write ROLE, ROLE:DATASET or ROLE:#TAG")
    if place.startswith("#"):
        return Holding(role=role, tags=(place[1:].casefold(),))
    return Holding(role=role, datasets=(place,) if place else ())


def _held(member: "Member") -> list[str]:
    return [
        one.role
        + "".join(f":{name}" for name in one.datasets)
        + "".join(f":#{t}" for t in one.tags)
        for one in member.roles
    ]


def _utc(day: datetime | None) -> datetime | None:
    return day.replace(tzinfo=UTC) if day else None
