"""Replay: the grooming graph once more, from a run's recorded inputs, compared digest by digest."""

import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import JsonValue

from ostler.agents.brief import context_of, read_brief
from ostler.agents.data_files import DataFiles, refuse_changed
from ostler.agents.graph import NODES, run_grooming
from ostler.agents.model import RecordedModel
from ostler.agents.outputs import Judged, Parking, Proposed
from ostler.core.base import Frozen
from ostler.core.canonical import Digest, as_json, digest_of
from ostler.core.datasets import Dataset
from ostler.core.errors import Conflict, NotFound, VerificationFailed
from ostler.core.moments import Moment
from ostler.core.runs import MOMENT, Step
from ostler.policies.policyset import PolicySet
from ostler.store.objects import Objects
from ostler.store.runs import RunRecord
from ostler.tables.patch_files import PatchFiles
from ostler.telemetry.setup import NO_TELEMETRY


class Compared(Frozen):
    """One step, as it was recorded and as it came out now."""

    step: str
    recorded: Digest
    replayed: Digest
    detail: str = ""
    """What differs first, when something does."""

    @property
    def equal(self) -> bool:
        """Whether the step gave the same, byte for byte."""
        return self.recorded == self.replayed


class Replayed(Frozen):
    """A run, replayed."""

    run: str
    policy: str
    """`recorded`, or `today` when today's policy set was put in its place."""
    steps: tuple[Compared, ...]

    @property
    def first_difference(self) -> Compared | None:
        """The first step that came out otherwise; all later ones only follow from it."""
        return next((step for step in self.steps if not step.equal), None)


@dataclass
class _Rerun:
    """A record in memory, over what the run had recorded; an auditor changes nothing."""

    objects: Objects
    made: dict[Digest, JsonValue] = field(default_factory=dict[Digest, JsonValue])
    steps: dict[str, Digest] = field(default_factory=dict[str, Digest])

    def put(self, value: Frozen) -> Digest:
        digest = digest_of(value)
        self.made[digest] = as_json(value)
        return digest

    def get(self, digest: Digest) -> JsonValue:
        return self.made[digest] if digest in self.made else self.objects.get(digest)

    def recorded(self, step: str) -> Digest | None:
        return None

    def step(self, step: Step) -> Digest:
        self.steps[step.name] = step.digest
        return step.digest

    def park(self, parking: Parking) -> None:
        """Nothing: what was parked then is parked."""


def replay(
    objects: Objects,
    run: RunRecord,
    others: tuple[Dataset, ...],
    policies: PolicySet | None = None,
) -> Replayed:
    """Run it again: pinned version, recorded contract, settings, clock and model replies.

    With `policies`, these take the place of the recorded set: what would they have decided?
    Raises Conflict for a run that did not end, NotFound when what it read is gone, and
    VerificationFailed when what it read or recorded has been changed.
    """
    recorded = {step.name: step.digest for step in run.steps}
    missing = [name for name in NODES if name not in recorded]
    if missing:
        raise Conflict(
            f"run {run.id} did not get to its end: {missing[0]} is missing",
            f"finish it first: ostler groom {run.inputs.dataset}",
        )
    _refuse_changed(objects, run)
    brief = read_brief(objects, run.inputs, others)
    if policies is not None:
        brief = replace(brief, policies=policies)
    proposed = Proposed.model_validate(objects.get(recorded["propose"]))
    moment = Moment()
    if MOMENT in recorded:
        moment = Moment.model_validate(objects.get(recorded[MOMENT]))
    rerun = _Rerun(objects)
    with tempfile.TemporaryDirectory(prefix="ostler-replay-") as folder:
        context = context_of(
            brief,
            run=run.id,
            now=run.started_at,
            trace=run.trace,
            moment=moment,
            record=rerun,
            patches=PatchFiles(Path(folder)),
            model=RecordedModel(run.inputs.model, proposed.calls),
            telemetry=NO_TELEMETRY,
            progress=lambda _: None,
        )
        run_grooming(context)
    return Replayed(
        run=run.id,
        policy="recorded" if policies is None else "today",
        steps=tuple(
            Compared(
                step=name,
                recorded=recorded[name],
                replayed=rerun.steps[name],
                detail=_difference(name, rerun, recorded[name], rerun.steps[name]),
            )
            for name in NODES
        ),
    )


def _refuse_changed(objects: Objects, run: RunRecord) -> None:
    """Nothing is compared with a record, or computed from data, that somebody has edited."""
    for step in run.steps:
        try:
            objects.content(step.digest)
        except NotFound as error:
            raise VerificationFailed(
                f"what run {run.id} recorded of its step {step.name} is gone", error.hint
            ) from error
    if run.inputs.files:
        refuse_changed(DataFiles.model_validate(objects.get(run.inputs.files)))


def _difference(step: str, rerun: _Rerun, recorded: Digest, replayed: Digest) -> str:
    """In words, where two outputs part."""
    if recorded == replayed:
        return ""
    before, after = rerun.objects.get(recorded), rerun.get(replayed)
    if step == "gate":
        return _verdicts(Judged.model_validate(before), Judged.model_validate(after))
    return _where(before, after)


def _verdicts(before: Judged, after: Judged) -> str:
    flips = [
        f"{old.id} {old.verdict.outcome} → {new.verdict.outcome}"
        for old, new in zip(before.proposals, after.proposals, strict=False)
        if (old.verdict.outcome, old.verdict.votes, old.verdict.roles)
        != (new.verdict.outcome, new.verdict.votes, new.verdict.roles)
    ]
    if not flips:
        return "the policy set is another, its decisions are the same"
    return f"{len(flips)} decisions differ: {', '.join(flips[:5])}"


def _where(before: JsonValue, after: JsonValue, path: str = "") -> str:
    """The first place at which two JSON values differ."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted({*before, *after}):
            if before.get(key) != after.get(key):
                return _where(before.get(key), after.get(key), f"{path}.{key}" if path else key)
    if isinstance(before, list) and isinstance(after, list):
        if len(before) != len(after):
            return f"{path}: {len(before)} entries were recorded, {len(after)} came out"
        for place, (one, other) in enumerate(zip(before, after, strict=True)):
            if one != other:
                return _where(one, other, f"{path}[{place}]")
    return f"{path or 'the output'} differs"
