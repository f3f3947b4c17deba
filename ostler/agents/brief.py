"""A run's brief: everything that its inputs name, read back from where it was recorded.

A live run and its replay both read it here, so that neither can know what the other does not.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from ostler.agents.context import GroomingContext, Record
from ostler.agents.model import ModelClient
from ostler.config.settings import Grooming
from ostler.core.checks import Check, LearnedLimits
from ostler.core.datasets import Dataset
from ostler.core.experience import Experience
from ostler.core.moments import Moment
from ostler.core.promises import Promises
from ostler.core.recipes import Recipe
from ostler.core.runs import RunInputs
from ostler.policies.policyset import PolicySet, policies_from
from ostler.store.objects import Objects
from ostler.tables.delta import table_of
from ostler.tables.patch_files import PatchFiles
from ostler.tables.view import View
from ostler.telemetry.setup import Telemetry
from ostler.tools.contracts.parse import parse_contract
from ostler.tools.neighbours import neighbours
from ostler.tools.registry import Surroundings
from ostler.tools.states import States


@dataclass(frozen=True)
class Brief:
    """What a run works on."""

    inputs: RunInputs
    dataset: Dataset
    others: tuple[Dataset, ...]
    checks: tuple[Check, ...]
    classes: Mapping[str, str]
    """Of the contract: the classification of columns."""
    promises: Promises | None
    """Of the contract: what policies ask about it."""
    policies: PolicySet
    prompts: Mapping[str, str]
    """Texts for the model, by name."""
    settings: Grooming
    experience: Experience
    recipe: Recipe | None


def read_brief(objects: Objects, inputs: RunInputs, others: tuple[Dataset, ...]) -> Brief:
    """The brief that some inputs name; VerificationFailed when what was recorded has changed."""
    dataset = Dataset.model_validate(objects.get(inputs.facts))
    checks: tuple[Check, ...] = ()
    classes: Mapping[str, str] = {}
    promises: Promises | None = None
    if inputs.contract is not None:
        text = objects.text(inputs.contract)
        contract = parse_contract(text, dataset=dataset.name, source="the recorded contract")
        checks, classes, promises = contract.checks, contract.classes, contract.promises
        if inputs.learned is not None:
            limits = LearnedLimits.model_validate(objects.get(inputs.learned)).limits
            checks = tuple(
                check.model_copy(update={"learned": limits.get(check.id, check.learned)})
                for check in checks
            )
        # A column is protected when either the dataset's owner or its contract says so.
        protected = tuple(sorted({*dataset.protected, *contract.protected}))
        dataset = dataset.model_copy(update={"protected": protected})
    return Brief(
        inputs=inputs,
        dataset=dataset,
        others=others,
        checks=checks,
        classes=classes,
        promises=promises,
        policies=policies_from(objects.text(inputs.policy)),
        prompts={name: objects.text(digest) for name, digest in inputs.prompts},
        settings=Grooming.model_validate(objects.get(inputs.config)),
        experience=_experience(objects, inputs),
        recipe=None if inputs.recipe is None else Recipe.model_validate(objects.get(inputs.recipe)),
    )


def _experience(objects: Objects, inputs: RunInputs) -> Experience:
    if inputs.experience is None:
        return Experience()
    return Experience.model_validate(objects.get(inputs.experience))


def context_of(
    brief: Brief,
    *,
    run: str,
    now: datetime,
    trace: str,
    moment: Moment,
    record: Record,
    patches: PatchFiles,
    model: ModelClient,
    telemetry: Telemetry,
    progress: Callable[[str], None],
    states: States | None = None,
) -> GroomingContext:
    """The nodes' context: the pinned table opened, and its neighbours beside it."""
    inputs = brief.inputs
    table = table_of(brief.dataset)
    pinned = dict(inputs.others)
    by_name = {other.name: other for other in brief.others}

    def find(name: str) -> View | None:
        if name not in pinned:
            return None
        return table_of(by_name[name]).view(pinned[name])

    rules = [check.rule for check in brief.checks]
    around = Surroundings(
        dataset=brief.dataset,
        view=table.view(inputs.version),
        others=neighbours(rules, table, find, reference=inputs.reference, at=inputs.version),
        patches=patches,
        now=now,
        classes=brief.classes,
        states=states,
    )
    return GroomingContext(
        run=run,
        dataset=brief.dataset,
        version=inputs.version,
        reference=inputs.reference,
        alerts=inputs.alerts,
        checks=brief.checks,
        promises=brief.promises,
        moment=moment,
        experience=brief.experience,
        recipe=brief.recipe,
        policies=brief.policies,
        prompts=brief.prompts,
        settings=brief.settings,
        around=around,
        model=model,
        telemetry=telemetry,
        record=record,
        now=now,
        trace=trace,
        progress=progress,
    )
