"""`ostler whoami`: who is at the keyboard."""

import typer

from ostler.cli import options
from ostler.cli.options import example
from ostler.cli.roster_changes import electorate_now


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=example("ostler whoami", "ostler whoami --json"))(whoami)


def whoami(workspace: options.Workspace = None, as_json: options.Json = False) -> None:
    """Who you are here: your name, your key, your roles, and whether votes are signed."""
    from ostler.cli.opening import opened
    from ostler.cli.output import print_json, print_table, say
    from ostler.store.sshsig import fingerprint

    with opened(workspace) as parts:
        who, name = electorate_now(parts), parts.workspace.reviewer
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
