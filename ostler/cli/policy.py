"""`ostler policy`: check a set, try it on the past, prove what it never allows, take packs.

Putting one in force is in `policy_activation`.
"""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ostler.cli import options
from ostler.cli.options import example

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ostler.cli.opening import Opened
    from ostler.cli.output import Bar
    from ostler.core.judged import Judged
    from ostler.policies.policyset import PolicySet
    from ostler.policies.proving import Proof

policy = typer.Typer(
    help="Policies: check a set, try it on the past, prove what it never allows, put it in force.",
    no_args_is_help=True,
    epilog=example(
        "ostler policy check",
        "ostler policy backtest --policies new-policies/",
        "ostler policy prove --policies new-policies/ --invariants never.cedar",
        "ostler policy packs",
        'ostler policy propose --because "two votes for deletions"',
    ),
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    from ostler.cli import policy_activation

    policy_activation.register(policy)
    app.add_typer(policy, name="policy")


@policy.command(epilog=example("ostler policy check", "ostler policy check --policies new/ --json"))
def check(
    policies: options.Policies = None,
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> None:
    """Whether every rule can be used as it is; exits with 2 and names file and line if not."""
    from ostler.cli.opening import opened
    from ostler.cli.output import print_json, print_line
    from ostler.cli.policy_activation import policies_said
    from ostler.policies.engine import compiled

    with opened(workspace) as parts:
        sets = _set(parts, policies)
        counts = "" if policies else policies_said(parts)
    found = compiled(sets)
    rules = [
        {"id": name, "set": "hard" if name in found.hard_rules else "site", **annotations}
        for name, annotations in sorted(found.annotations.items())
    ]
    hard = len(found.hard_rules)
    if as_json:
        print_json({"digest": sets.digest, "engine": sets.engine, "rules": rules})
        return
    print_line(f"{hard} hard and {len(rules) - hard} site rules, all of them sound")
    print_line((f"digest {sets.digest}, {sets.engine}", "dim"))
    if counts:
        print_line(counts)


@policy.command(
    epilog=example(
        "ostler policy backtest --policies new-policies/",
        "ostler policy backtest --policies new-policies/ --since 2026-10-01 --json",
    )
)
def backtest(
    policies: options.Policies = None,
    since: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="Only proposals made since (UTC)."
        ),
    ] = None,
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> None:
    """What a policy set would have said to every change that was judged, and what flips.

    Nothing is changed. A flip to less than was asked for is called looser.
    """
    from datetime import UTC

    from ostler.cli.opening import opened
    from ostler.cli.output import print_json, print_line, print_table, progress
    from ostler.policies.backtest import backtest as replayed
    from ostler.store.verdicts import count, judged

    with opened(workspace) as parts:
        sets = _set(parts, policies)
        begin = since.replace(tzinfo=UTC) if since else None
        with parts.store.reading() as session:
            total = count(session, begin)
            with progress("judging anew") as tell:
                found = replayed(sets, _told(judged(session, begin), total, tell))
    if as_json:
        print_json(found)
        return
    print_line(f"{found.flipped:,} of {found.changes:,} verdicts would be others")
    if found.flips:
        print_table(
            ("count", "dataset", "was", "would be", "", "by", "for one"),
            [
                (
                    f"{flip.count:,}",
                    flip.dataset,
                    flip.before,
                    flip.after,
                    "looser" if flip.looser else "",
                    ", ".join(flip.rules) or "no rule permits it",
                    flip.example,
                )
                for flip in found.flips
            ],
            right=("count",),
        )


@policy.command(
    epilog=example(
        "ostler policy prove --policies new-policies/",
        "ostler policy prove --invariants never.cedar",
        "ostler policy prove --policies new-policies/ --invariants never.cedar --json",
    )
)
def prove(
    policies: options.Policies = None,
    invariants: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="A file of `forbid` rules: whatever one of them forbids must be denied anyway.",
        ),
    ] = None,
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> int:
    """Whether a set allows nothing that the one in force denies, for all requests at once.

    Exits with 1 when something is refuted (a request that does it is shown) or cannot be proven.
    """
    from ostler.cli.opening import opened
    from ostler.cli.output import print_json
    from ostler.core.errors import BadInput
    from ostler.policies.policyset import invariants_of
    from ostler.policies.proving import holds, not_loosened
    from ostler.storage.paths import read_text

    if policies is None and invariants is None:
        raise BadInput("there is nothing to prove", "name --policies, --invariants or both")
    with opened(workspace) as parts:
        old = parts.policies
        new = _set(parts, policies) if policies else old
    proofs = not_loosened(old, new) if policies else ()
    if invariants is not None:
        proofs += holds(new, invariants_of(invariants.name, read_text(invariants)))
    if as_json:
        print_json(proofs)
    else:
        _print_proofs(proofs)
    return int(any(proof.answer != "proven" for proof in proofs))


@policy.command(epilog=example("ostler policy packs", "ostler policy packs --json"))
def packs(as_json: options.Json = False) -> None:
    """The packs of rules that ship with Ostler, and what each asks."""
    from ostler.cli.output import print_json, print_line
    from ostler.policies.shipped import packs as shipped

    found = shipped()
    if as_json:
        print_json(found)
        return
    for pack in found:
        print_line((f"{pack.name:<9}", "bold"), pack.about)
        for asked in pack.asks:
            print_line(f"{'':9}{asked}")
    print_line(("take one with: ostler policy add NAME", "dim"))


@policy.command(epilog=example("ostler policy add pii", "ostler policy add freeze --json"))
def add(
    pack: Annotated[str, typer.Argument(help="A name of `ostler policy packs`.")],
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> None:
    """Copy a pack into policies/ of the workspace, checked beside what is there already."""
    from ostler.cli.opening import opened
    from ostler.cli.output import print_json, say
    from ostler.core.errors import Conflict
    from ostler.policies.in_force import folder_texts
    from ostler.policies.policyset import load_policies
    from ostler.policies.shipped import pack_of

    wanted = pack_of(pack)
    with opened(workspace) as parts:
        folder = parts.workspace.policies
        there = folder_texts(folder)
        if wanted.file in there:
            raise Conflict(
                f"policies/{wanted.file} is there already",
                "edit it; to have the shipped one again, take it away first",
            )
        load_policies({**there, wanted.file: wanted.text})
        path = folder / wanted.file
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(wanted.text)
        except OSError as error:
            raise Conflict(f"{path} cannot be written: {error.strerror}") from error
    if as_json:
        print_json({"pack": wanted.name, "file": str(path)})
        return
    say(f"policies/{wanted.file}: {wanted.about}")
    say("next: edit it as you like · ostler policy check · ostler policy backtest")


def _told(verdicts: "Iterable[Judged]", total: int, tell: "Bar") -> "Iterator[Judged]":
    for number, verdict in enumerate(verdicts):
        if number % 1000 == 0:
            tell(f"{number:,} of {total:,}")
        yield verdict


def _print_proofs(proofs: "tuple[Proof, ...]") -> None:
    from ostler.cli.output import print_line
    from ostler.core.canonical import canonical_json
    from ostler.review.text import visible

    styles = {"proven": "green", "refuted": "bold red", "not proven": "bold yellow"}
    for proof in proofs:
        print_line((f"{proof.answer:>11}  ", styles[proof.answer]), visible(proof.question))
        if proof.because:
            print_line(f"{'':>11}  {visible(proof.because)}")
        if proof.counterexample is not None:
            shown = canonical_json(proof.counterexample)
            print_line((f"{'':>11}  for one: {visible(shown)}", "dim"))


def _set(parts: "Opened", folder: Path | None) -> "PolicySet":
    """The set in a folder, by default in the workspace's own, which need not be in force."""
    from ostler.policies.in_force import folder_texts
    from ostler.policies.policyset import load_policies

    return load_policies(folder_texts(folder or parts.workspace.policies))
