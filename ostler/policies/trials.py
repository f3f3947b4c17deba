"""What is found out about a policy set before people are asked to put it in force.

Whether it is sound, what it would have said to everything that was ever judged, and whether it
allows anything that the set in force denies. The set in force judges the change itself; this is
evidence for whoever votes on it.
"""

from collections.abc import Iterator, Mapping

from ostler.core.canonical import canonical_json
from ostler.core.documents import Trial
from ostler.core.errors import BadInput
from ostler.policies.backtest import Flip, backtest
from ostler.policies.engine import compiled
from ostler.policies.judgement import judge
from ostler.policies.policyset import PolicySet, load_policies
from ostler.policies.requests import ChangeRequest
from ostler.store.engine import Store
from ostler.store.verdicts import judged

_FLIPS = 20
"""Kinds of flips that are named; the looser ones come first."""


def policy_trials(
    store: Store, old: PolicySet, texts: Mapping[str, str], activation: ChangeRequest
) -> tuple[Trial, ...]:
    """What is known of a set; BadInput when it is not sound, or would be the last one for ever.

    `activation` is the request to put it in force.
    """
    new = load_policies(texts)
    _refuse_last(new, activation)
    return (_sound(new), *_backtest(store, new), *_proofs(old, new))


def _refuse_last(new: PolicySet, activation: ChangeRequest) -> None:
    then = judge(new, activation)
    if then.outcome == "deny":
        raise BadInput(
            "once they are in force, nobody could put other policies in force: "
            + "; ".join(then.reasons),
            f'permit propose and apply_after_approval on Dataset::"{activation.dataset.name}"',
        )


def _sound(new: PolicySet) -> Trial:
    found = compiled(new)
    hard = len(found.hard_rules)
    site = len(found.annotations) - hard
    return Trial(answer="good", says=f"{hard} hard and {site} site rules, all of them sound")


def _backtest(store: Store, new: PolicySet) -> Iterator[Trial]:
    with store.reading() as session:
        found = backtest(new, judged(session))
    less = sum(flip.count for flip in found.flips if flip.looser)
    says = f"{found.flipped:,} of {found.changes:,} verdicts that were given would be others"
    if found.flipped:
        says += f", {less:,} of them looser"
    yield Trial(answer="bad" if less else "open" if found.flipped else "good", says=says)
    flips = sorted(found.flips, key=lambda flip: not flip.looser)
    yield from map(_flip, flips[:_FLIPS])
    if len(flips) > _FLIPS:
        yield Trial(answer="open", says=f"and {len(flips) - _FLIPS:,} kinds of flips more")


def _flip(flip: Flip) -> Trial:
    by = ", ".join(flip.rules) or "no rule permits it"
    says = f"{flip.count:,} on {flip.dataset}: {flip.before} → {flip.after}, by {by}"
    says += f"; for one {flip.example}"
    if flip.looser:
        return Trial(answer="bad", says=f"looser: {says}")
    return Trial(answer="open", says=says)


def _proofs(old: PolicySet, new: PolicySet) -> Iterator[Trial]:
    # The solver takes its time to load, and most commands ask it nothing.
    from ostler.policies.proving import not_loosened

    for proof in not_loosened(old, new):
        if proof.answer == "proven":
            yield Trial(answer="good", says=f"proven: {proof.question}")
        elif proof.counterexample is None:
            yield Trial(answer="open", says=f"not proven: {proof.question} ({proof.because})")
        else:
            one = canonical_json(proof.counterexample)
            yield Trial(answer="bad", says=f"refuted: {proof.question}; for one {one}")
