"""`ostler identity` and `ostler whoami`: who is who, by which keys, in which roles."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ostler.cli import options
from ostler.cli.options import example

if TYPE_CHECKING:
    from ostler.cli.opening import Opened
    from ostler.core.roster import Holding, Member, Roster
    from ostler.store.ballots import Electorate
    from ostler.store.rosters import Installed

identities = typer.Typer(
    help="Who is who: people with their SSH keys and roles, and the roster that says so.",
    no_args_is_help=True,
    epilog=example(
        "ostler identity init",
        "ostler identity add ben --key ben.pub --role steward --role owner:people",
        "ostler identity delegate ben --role owner --until 2026-12-31",
        "ostler identity export --allowed-signers > allowed_signers",
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
    app.command(epilog=example("ostler whoami", "ostler whoami --json"))(whoami)


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
        if _in_force(parts) is not None:
            raise Conflict("there is a roster already", "add people: ostler identity add")
        path = _key_file(key)
        line = _line(path)
        held = (Holding(role=ADMINISTRATOR), *map(_holding, role or ("owner",)))
        name = parts.workspace.reviewer
        me = Member(name=name, kind="person", keys=(Key(line=line),), roles=held)
        agents = tuple(Member(name=one, kind="agent") for one in _AGENTS)
        made = Roster(number=1, members=(me, *agents))
        _sign_and_install(parts, made, path)
        say(f"{name} is {fingerprint(line)}, {' and '.join(one.role for one in held)}")
        say("votes are signed from now on; add others: ostler identity add NAME --key FILE.pub")
        if parts.workspace.settings.people:
            say("note: `people:` in ostler.yaml counts for nothing any more; roles stand here")


_AGENTS = ("contracts", "executor", "planner", "proposer", "reverter", "schema")
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
        before = _needed(parts)
        keys = tuple(
            Key(line=_line(one), valid_after=_utc(valid_after), valid_before=_utc(valid_before))
            for one in key or ()
        )
        kind = "agent" if agent else "person"
        member = Member(name=name, kind=kind, keys=keys, roles=tuple(map(_holding, role or ())))
        others = (m for m in before.roster.members if same_name(m.name) != same_name(name))
        _next(parts, before, (*others, member), out)


@identities.command(epilog=example("ostler identity remove ben"))
def remove(name: Name, out: Out = None, workspace: options.Workspace = None) -> None:
    """Take somebody out; votes of theirs that no worker has taken yet no longer count."""
    from ostler.cli.opening import opened
    from ostler.core.errors import NotFound
    from ostler.core.names import same_name

    with opened(workspace) as parts:
        before = _needed(parts)
        if before.roster.member(name) is None:
            raise NotFound(f"{name} is not in the roster", "see: ostler identity list")
        others = (m for m in before.roster.members if same_name(m.name) != same_name(name))
        _next(parts, before, tuple(others), out)


@identities.command("list", epilog=example("ostler identity list", "ostler identity list --json"))
def show_all(workspace: options.Workspace = None, as_json: options.Json = False) -> None:
    """Who is who by the roster in force, and who stands in for whom."""
    from ostler.cli.opening import now, opened
    from ostler.cli.output import print_json, print_table, say
    from ostler.store.sshsig import fingerprint

    with opened(workspace) as parts:
        found, who = _needed(parts), _electorate(parts)
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


@identities.command(epilog=example("ostler identity export --allowed-signers > allowed_signers"))
def export(
    allowed_signers: Annotated[
        bool, typer.Option("--allowed-signers", help="As OpenSSH reads it; the one form there is.")
    ] = True,
    workspace: options.Workspace = None,
) -> None:
    """Everybody's keys in OpenSSH's format, to check a vote with `ssh-keygen -Y verify`."""
    from ostler.cli.opening import opened

    with opened(workspace) as parts:
        roster = _needed(parts).roster
    for one in roster.members:
        for line in _allowed(one) if one.kind == "person" else ():
            typer.echo(line)


def _allowed(member: "Member") -> list[str]:
    """Lines of an allowed_signers file; a name with a quote or a comma is written without it."""
    name = "".join(c for c in member.name if c.isprintable() and c not in '"\\,*?!')
    lines: list[str] = []
    for key in member.keys:
        limits = ['namespaces="ostler-vote,ostler-delegation,ostler-roster"']
        if key.valid_after:
            limits.append(f'valid-after="{key.valid_after:%Y%m%d%H%M%S}Z"')
        if key.valid_before:
            limits.append(f'valid-before="{key.valid_before:%Y%m%d%H%M%S}Z"')
        lines.append(f'"{name}" {",".join(limits)} {key.line}')
    return lines


@identities.command(epilog=example("ostler identity delegate ben --role owner --until 2026-12-31"))
def delegate(
    name: Annotated[str, typer.Argument(help="Who stands in for you.")],
    role: Annotated[str, typer.Option(help="In which role of yours.")],
    until: Annotated[datetime, typer.Option(help="The last day (UTC).", formats=["%Y-%m-%d"])],
    workspace: options.Workspace = None,
) -> None:
    """Let somebody act in a role of yours until the end of a day; signed by you."""
    from secrets import token_hex

    from ostler.cli.opening import now, opened
    from ostler.cli.output import say
    from ostler.core.canonical import canonical_json
    from ostler.core.errors import BadInput
    from ostler.core.roster import Delegation
    from ostler.review.identity import name_of
    from ostler.store import rosters

    with opened(workspace) as parts:
        roster, who, at = _needed(parts).roster, _electorate(parts), now()
        ends = until.replace(tzinfo=UTC) + timedelta(days=1)
        if ends <= at:
            raise BadInput(f"{until:%Y-%m-%d} is over", "name a day that is to come")
        me = name_of(who, parts.workspace.reviewer)
        taker = roster.member(name)
        made = Delegation(
            delegator=me,
            delegate=taker.name if taker else name,
            role=role,
            since=at,
            until=ends,
            nonce=token_hex(16),
        )
        member = roster.member(me)
        lines = member.keys_at(at) if member else ()
        asked(parts)
        signature = parts.keyring.sign(lines, rosters.DELEGATION, canonical_json(made).encode())
        with parts.store.transaction() as session:
            rosters.delegate(session, roster, made, signature, at=at)
        say(f"{made.id}: {made.delegate} is {role} for you until {until:%Y-%m-%d}")


@identities.command(epilog=example("ostler identity withdraw D-7K3QH2MA"))
def withdraw(
    delegation: Annotated[str, typer.Argument(metavar="ID", help="Of a delegation.")],
    workspace: options.Workspace = None,
) -> None:
    """End a delegation now. It only takes rights away, and so needs no signature."""
    from ostler.cli.opening import now, opened
    from ostler.cli.output import say
    from ostler.store.rosters import withdraw as end
    from ostler.store.votes import recount

    with opened(workspace) as parts:
        with parts.store.transaction() as session:
            me, at = parts.workspace.reviewer, now()
            end(session, delegation, actor=me, at=at)
            again = recount(session, parts.trust, actor=me, at=at)
        say(f"{delegation} is withdrawn")
        _tell_parked(again)


def whoami(workspace: options.Workspace = None, as_json: options.Json = False) -> None:
    """Who you are here: your name, your key, your roles, and whether votes are signed."""
    from ostler.cli.opening import opened
    from ostler.cli.output import print_json, print_table, say
    from ostler.store.sshsig import fingerprint

    with opened(workspace) as parts:
        who, name = _electorate(parts), parts.workspace.reviewer
        member = who.roster.member(name) if who.roster else None
        roles = {one.name: parts.desk.person(one.name).roles for one in parts.datasets()}
        keys = tuple(map(fingerprint, member.keys_at(who.at))) if member else ()
        told = {
            "name": member.name if member else name,
            "votes": "signed" if who.roster else "unsigned" if who.unsigned else "refused",
            "known": member is not None,
            "keys": keys,
            "roles": roles,
            "delegations": [
                one for one in who.delegations if name in (one.delegate, one.delegator)
            ],
        }
        if as_json:
            print_json(told)
            return
        say(f"you are {told['name']}" + ("" if member or not who.roster else ", not in the roster"))
        if who.roster:
            say(f"votes are signed, yours by {', '.join(keys) or 'no key that is valid now'}")
        elif who.unsigned:
            say("votes are UNSIGNED here: whoever is at the keyboard is believed")
        else:
            say("nobody can vote yet; say who you are: ostler identity init")
        print_table(("dataset", "your roles"), [(n, ", ".join(r) or "-") for n, r in roles.items()])
        for one in who.delegations:
            if name in (one.delegate, one.delegator):
                until = f"until {one.until:%Y-%m-%d %H:%M} UTC"
                say(f"{one.id}: {one.delegate} is {one.role} for {one.delegator} {until}")
        if who.roster and parts.workspace.settings.people:
            say("note: `people:` in ostler.yaml counts for nothing: roles stand in the roster")


def asked(parts: "Opened") -> None:
    """Let a person at a terminal be asked for the passphrase of a key."""
    import sys

    if sys.stdin.isatty():

        def ask(name: str) -> str | None:
            return typer.prompt(f"Passphrase of {name}", hide_input=True, err=True)

        parts.keyring.ask = ask


def _electorate(parts: "Opened") -> "Electorate":
    from ostler.cli.opening import now
    from ostler.store.ballots import electorate

    with parts.store.reading() as session:
        return electorate(session, parts.trust, now())


def _in_force(parts: "Opened") -> "Installed | None":
    from ostler.store.rosters import in_force

    with parts.store.reading() as session:
        return in_force(session, parts.trust)


def _needed(parts: "Opened") -> "Installed":
    from ostler.core.errors import NotFound

    found = _in_force(parts)
    if found is None:
        raise NotFound("there is no roster yet", "make the first one: ostler identity init")
    return found


def _next(
    parts: "Opened", before: "Installed", members: "tuple[Member, ...]", out: Path | None
) -> None:
    """The roster that follows, written for another to sign, or signed and installed."""
    from pydantic import ValidationError

    from ostler.cli.output import say
    from ostler.core.errors import BadInput
    from ostler.core.roster import Roster
    from ostler.store.rosters import roster_text

    try:
        made = Roster(number=before.roster.number + 1, previous=before.digest, members=members)
    except ValidationError as error:
        raise BadInput(error.errors()[0]["msg"].removeprefix("Value error, ")) from None
    if out is None:
        _sign_and_install(parts, made, None)
        return
    try:
        out.write_text(roster_text(made), encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{out} cannot be written: {error.strerror}") from error
    say(f"next: ssh-keygen -Y sign -n ostler-roster -f ADMINISTRATOR_KEY {out}")
    say(f"then: ostler identity roster install {out} --signature {out}.sig")


def _sign_and_install(parts: "Opened", made: "Roster", path: Path | None) -> None:
    """Sign a roster as the administrator at the keyboard, put it in force, keep a copy."""
    from ostler.cli.opening import now
    from ostler.store.rosters import ROSTER, roster_text
    from ostler.store.signers import sign_with_file

    text = roster_text(made)
    asked(parts)
    if path is not None:
        signature = sign_with_file(path.with_suffix(""), ROSTER, text.encode(), parts.keyring.ask)
    else:
        before = _needed(parts).roster
        signature = parts.keyring.sign(before.administrators(now()), ROSTER, text.encode())
    install_text(parts, text, signature)


def install_text(parts: "Opened", text: str, signature: str) -> None:
    """Put a signed roster in force, and a copy of it into the workspace."""
    from ostler.cli.opening import now
    from ostler.cli.output import say
    from ostler.store.rosters import install
    from ostler.store.votes import recount

    with parts.store.transaction() as session:
        me, at = parts.workspace.reviewer, now()
        found = install(session, text, signature, parts.trust, actor=me, at=at)
        again = recount(session, parts.trust, actor=me, at=at)
    copy = parts.workspace.roster
    copy.write_text(text, encoding="utf-8")
    copy.with_name(f"{copy.name}.sig").write_text(signature, encoding="utf-8")
    say(f"roster {found.roster.number} is in force: {len(found.roster.members)} members")
    _tell_parked(again)


def _tell_parked(proposals: tuple[str, ...]) -> None:
    from ostler.cli.output import say

    for name in proposals:
        say(f"{name} waits again: its votes no longer suffice")


def _key_file(named: Path | None) -> Path:
    """The .pub file of the key that a person means (NotFound, with how to make one)."""
    from ostler.core.errors import NotFound
    from ostler.store.signers import key_files

    if named is not None:
        path = named.expanduser()
        return path if path.suffix == ".pub" else path.with_name(f"{path.name}.pub")
    found = key_files() or _made()
    if not found:
        raise NotFound(
            "there is no Ed25519 key in ~/.ssh",
            "make one, with a passphrase: ssh-keygen -t ed25519; or name it with --key",
        )
    return found[0].with_name(f"{found[0].name}.pub")


def _made() -> tuple[Path, ...]:
    """A key that a person at a terminal wants made; ssh-keygen asks for its passphrase."""
    import shutil
    import subprocess
    import sys

    from ostler.cli.asking import confirmed

    tool, path = shutil.which("ssh-keygen"), Path.home() / ".ssh" / "id_ed25519"
    if tool is None or path.exists() or not sys.stdin.isatty():
        return ()
    if not confirmed(f"There is no Ed25519 key in {path.parent}. Make one, with a passphrase?"):
        return ()
    path.parent.mkdir(mode=0o700, exist_ok=True)
    done = subprocess.run([tool, "-q", "-t", "ed25519", "-f", str(path)], check=False)  # noqa: S603
    return (path,) if done.returncode == 0 else ()


def _line(path: Path) -> str:
    from ostler.core.errors import BadInput
    from ostler.store.sshsig import parsed_line

    try:
        return parsed_line(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read as a public key") from error


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
