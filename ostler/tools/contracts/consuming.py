"""What a consumer's contract counts on, held against the contract of the data that it reads."""

from collections.abc import Iterator

from ostler.core.checks import Check, TypeIs
from ostler.core.sentences import describe_rule
from ostler.tools.contracts.compatibility import WIDER
from ostler.tools.contracts.contract import Contract


def unmet(contract: Contract, consumer: Contract) -> tuple[str, ...]:
    """What a consumer counts on and the contract does not promise, one sentence each."""
    return (*_columns(contract, consumer), *_promises(contract, consumer))


def _columns(contract: Contract, consumer: Contract) -> Iterator[str]:
    for name in consumer.columns:
        if name not in contract.columns:
            yield f"it reads {name!r}, which the contract does not list"
            continue
        have, need = contract.types.get(name, ""), consumer.types.get(name, "")
        if need and have != need and (have, need) not in WIDER:
            yield f"it reads {name!r} as {need}, and the contract says {have or 'no type'}"


def _promises(contract: Contract, consumer: Contract) -> Iterator[str]:
    promised = {check.rule: check for check in contract.checks if check.gate}
    for check in consumer.checks:
        if check.gate and not isinstance(check.rule, TypeIs):
            found = promised.get(check.rule)
            if found is None or not _as_strict(found, check):
                yield f"it counts on this: {describe_rule(check.rule)}"


def _as_strict(promise: Check, need: Check) -> bool:
    if promise.max_failing == 0 or (promise.max_failing is None and promise.max_share == 0):
        return True
    if (promise.max_failing is None) != (need.max_failing is None):
        return False
    return (promise.max_failing or 0, promise.max_share) <= (need.max_failing or 0, need.max_share)
