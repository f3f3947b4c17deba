"""`ostler contract infer --propose`: what the data shows, proposed for people to vote on."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ostler.cli.opening import Opened
    from ostler.tools.contracts.infer import Inferred, Read


def propose_inferred(parts: "Opened", dataset: str, inferred: "Inferred", *, as_json: bool) -> int:
    """Park a draft, or what the contract does not say yet, as the next version."""
    from ostler.cli.contract import print_reads
    from ostler.cli.output import print_json, say
    from ostler.cli.registry import ask
    from ostler.core.canonical import digest_bytes
    from ostler.core.proposals import Evidence
    from ostler.execution.contract_changes import Asked
    from ostler.tools.contracts.extending import extended

    text, rules, columns = inferred.text, inferred.rules, ()
    base = parts.contract_text(dataset)
    if base is not None:
        more = extended(base, inferred, dataset=dataset, source=f"the contract of {dataset}")
        text, rules, columns = more.text, more.added, more.columns
        if not rules and not columns:
            if as_json:
                print_json({"proposal": None, "rules": []})
            say(f"the contract of {dataset} says all that the data shows")
            return 0
    if not as_json:
        print_reads(rules)
    least = min((one.sure for one in rules), default=1.0)
    asked = Asked(
        text=text,
        source="the draft",
        # A working copy that says something else than what is in force is left as it is.
        copy=digest_bytes(base.encode()) if base is not None else "",
        because="read off the data",
        evidence=Evidence(
            confidence=least,
            summary=_summary(rules, columns),
            support=min((one.holding for one in rules), default=0),
            against=max((one.total - one.holding for one in rules), default=0),
        ),
    )
    return ask(parts, dataset, asked, propose=True, yes=False, as_json=as_json)


def _summary(rules: "tuple[Read, ...]", columns: tuple[str, ...]) -> str:
    from ostler.core.sentences import describe_rule

    said = f"Read off the data: {len(rules)} rules"
    if columns:
        said += f", {len(columns)} columns that were not listed"
    if rules:
        weakest = min(rules, key=lambda one: one.sure)
        said += (
            f". The least sure: {describe_rule(weakest.rule)} holds for {weakest.holding:,} of "
            f"{weakest.total:,} rows, so for at least {100 * weakest.sure:.1f} % of such rows"
        )
    return said + "."
