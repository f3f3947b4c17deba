"""A grooming run from outside: its inputs are fixed and recorded, then the graph runs on them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import Field, JsonValue

from ostler import __version__
from ostler.agents.brief import context_of, read_brief
from ostler.agents.data_files import data_files
from ostler.agents.graph import Handed, State, run_grooming
from ostler.agents.model import ModelClient
from ostler.agents.outputs import Parking, Prioritized, Proposed, Validated
from ostler.agents.prompts import prompts_in_force
from ostler.config.calendar import DEFAULT, Calendar
from ostler.config.settings import Grooming
from ostler.core.base import Frozen
from ostler.core.canonical import Digest, short_id
from ostler.core.checks import Check, LearnedLimits
from ostler.core.datasets import Dataset
from ostler.core.items import Alert
from ostler.core.moments import Moment
from ostler.core.proposals import Proposal
from ostler.core.recipes import PRINCIPLE, Recipe, StepFit
from ostler.core.roster import NO_TRUST, Trust
from ostler.core.runs import MOMENT, RunInputs, Step
from ostler.core.states import ProposalState, RunState
from ostler.policies.in_force import todays
from ostler.policies.policyset import PolicySet
from ostler.review.overtaken import mark_overtaken
from ostler.store import answers, findings, history, items, lineage, proposals, runs, telling
from ostler.store.engine import Store
from ostler.store.moments import moment_of
from ostler.store.objects import Objects
from ostler.store.proposals import Parked
from ostler.tables.delta import table_of
from ostler.tables.patch_files import PatchFiles
from ostler.telemetry import names
from ostler.telemetry.setup import Telemetry
from ostler.telemetry.traceparent import derived
from ostler.tools.contracts.parse import parse_contract
from ostler.tools.quality.learning import with_history
from ostler.tools.states import States

ACTOR = "groomer"

STATES: dict[str, ProposalState] = {
    "deny": ProposalState.DENIED,
    "votes": ProposalState.PARKED,
    "auto": ProposalState.APPROVED,
}
"""Where policy's verdict puts a new proposal."""


@dataclass(frozen=True)
class Groomer:
    """What grooming needs of a workspace."""

    store: Store
    objects: Objects
    patches: PatchFiles
    policies: PolicySet
    """Those that count as long as none were activated since."""
    settings: Grooming
    model: ModelClient
    telemetry: Telemetry
    clock: Callable[[], datetime]
    states: States | None = None
    """What was measured before."""
    calendar: Calendar = DEFAULT
    """What the settings say about the moment."""
    trust: Trust = NO_TRUST
    """Whose votes count."""


class Groomed(Frozen):
    """How a run ended."""

    run: str
    dataset: str
    version: int
    findings: int
    waiting: tuple[str, ...] = ()
    """Proposals that are new in the queue, best first."""
    approved: tuple[str, ...] = ()
    """New ones that policy approves without a vote."""
    denied: tuple[str, ...] = ()
    """New ones that policy denies."""
    known: tuple[str, ...] = ()
    """Those that an earlier run had made already."""
    refused: int = 0
    """Drafts that did not survive validation."""
    left_out: int = 0
    """Proposals beyond what a run may park."""
    model: str = ""
    """Empty without a model, `answered`, or why it was not heard."""
    recipe: tuple[StepFit, ...] = Field(default=(), exclude_if=lambda it: not it)
    """What became of each step of the recipe that was applied."""
    follows: str = Field(default="", exclude_if=lambda it: not it)
    """The proposal of what fits the recipe; empty when nothing does."""
    repeated: bool = False
    """Whether this very run had been done before, and was not done again."""


@dataclass
class _StoreRecord:
    """A run's record in the store; it remembers what parking did."""

    groomer: Groomer
    run: str
    dataset: str
    steps: dict[str, Digest]
    whole: bool
    """Whether the run is about the dataset as a whole."""
    parked: dict[str, Parked] = field(default_factory=dict[str, Parked])

    def put(self, value: Frozen) -> Digest:
        return self.groomer.objects.put(value)

    def get(self, digest: Digest) -> JsonValue:
        return self.groomer.objects.get(digest)

    def recorded(self, step: str) -> Digest | None:
        return self.steps.get(step)

    def step(self, step: Step) -> Digest:
        """Another process may be at the same run: what was recorded first counts for both."""
        with self.groomer.store.transaction() as session:
            for known in runs.get_run(session, self.run).steps:
                if known.name == step.name:
                    return known.digest
            runs.record_step(session, self.run, step, actor=ACTOR)
        return step.digest

    def park(self, parking: Parking) -> None:
        at = self.groomer.clock()
        with self.groomer.store.transaction() as session:
            for finding in parking.findings:
                findings.record_finding(session, finding, actor=ACTOR, at=at)
            for item in parking.items:
                items.upsert_item(session, item, actor=ACTOR, at=at)
            for proposal in parking.proposals:
                state = STATES[proposal.verdict.outcome]
                self.parked[proposal.id] = proposals.park(
                    session, proposal, state, at=at, actor=ACTOR
                )
            if self.whole:
                kept = [one.id for one in parking.proposals]
                proposals.withdraw_others(session, self.dataset, self.run, kept, at=at, actor=ACTOR)
            fresh = [
                one
                for one in parking.proposals
                if one.verdict.outcome == "votes" and self.parked[one.id] is not Parked.KNOWN
            ]
            telling.tell_run(session, self.run, fresh, at=at)


def groom(
    groomer: Groomer,
    dataset: Dataset,
    contract: str | None,
    others: tuple[Dataset, ...],
    *,
    alerts: tuple[Alert, ...] = (),
    recipe: Recipe | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Groomed:
    """One run over the newest version of a dataset; it ends with proposals that wait.

    A run that was killed goes on where it stood. The same alerts on the same version are one run.
    `contract` is its text; `others` are the datasets that its foreign keys may name. A `recipe`
    makes one proposal of all that fits its steps.
    """
    with groomer.store.reading() as session:
        # What lineage says becomes part of the dataset's recorded facts, so that a replay sees it.
        reach = lineage.downstream_of(session, dataset.name)
    dataset = dataset.model_copy(update={"downstream": reach})
    inputs = _inputs(groomer, dataset, contract, others, alerts, recipe)
    done = _finished(groomer, inputs) if alerts else None
    if done is not None:
        return Groomed(
            run=done, dataset=dataset.name, version=inputs.version, findings=0, repeated=True
        )
    run = _begin(groomer, inputs)
    steps = {step.name: step.digest for step in run.steps}
    record = _StoreRecord(groomer, run.id, dataset.name, steps, whole=not alerts)
    trace = derived("run", run.id)
    attributes = {
        names.OPERATION_NAME: names.INVOKE_WORKFLOW,
        names.WORKFLOW_NAME: "groom",
        names.CONVERSATION_ID: run.id,
        names.RUN_ID: run.id,
        names.DATASET: dataset.name,
        names.TABLE_VERSION: inputs.version,
    }
    workflow = names.span_name(names.INVOKE_WORKFLOW, "groom")
    with groomer.telemetry.span(workflow, attributes=attributes, parent=trace):
        context = context_of(
            read_brief(groomer.objects, inputs, others),
            run=run.id,
            now=run.started_at,
            trace=trace,
            moment=_moment(groomer, record, dataset, run.started_at),
            record=record,
            patches=groomer.patches,
            model=groomer.model,
            telemetry=groomer.telemetry,
            progress=progress,
            states=groomer.states,
        )
        state, handed = run_grooming(context)
    mark_overtaken(groomer.store, groomer.patches, dataset, actor=ACTOR, clock=groomer.clock)
    with groomer.store.transaction() as session:
        # Another process that was at the same run may have ended it.
        if runs.get_run(session, run.id).state is RunState.RUNNING:
            runs.finish_run(
                session, run.id, RunState.PARKED, actor=ACTOR, at=groomer.clock(), trace=trace
            )
    return _groomed(inputs, record, state, handed)


def _inputs(
    groomer: Groomer,
    dataset: Dataset,
    contract: str | None,
    others: tuple[Dataset, ...],
    alerts: tuple[Alert, ...],
    recipe: Recipe | None,
) -> RunInputs:
    table = table_of(dataset)
    checks = _checks(dataset, contract)
    wanted = {check.rule.reads[0] for check in checks}
    read = [
        (other.name, table_of(other), table_of(other).version)
        for other in others
        if other.name in wanted
    ]
    version, reference = table.version, table.reference
    pinned = [(table, version), *((other, at) for _, other, at in read)]
    if reference is not None:
        pinned.append((table, reference))
    return RunInputs(
        dataset=dataset.name,
        facts=groomer.objects.put(dataset),
        version=version,
        reference=reference,
        others=tuple((name, at) for name, _, at in read),
        files=groomer.objects.put(data_files(pinned)),
        contract=groomer.objects.put_text(contract) if contract is not None else None,
        policy=groomer.objects.put_text(
            todays(groomer.store, groomer.policies, groomer.trust).recorded
        ),
        config=groomer.objects.put(groomer.settings),
        model=groomer.model.name,
        alerts=alerts,
        learned=_learned(groomer, dataset, checks, version),
        experience=_experience(groomer, dataset),
        recipe=_recipe(groomer, dataset, alerts, recipe),
        prompts=_prompts(groomer),
        code=__version__,
    )


def _moment(groomer: Groomer, record: _StoreRecord, dataset: Dataset, begun: datetime) -> Moment:
    """What policy is told of the moment, recorded as the run's first step, for a replay to be told.

    No input: the same alerts on the same version are one run also in another hour.
    """
    recorded = record.recorded(MOMENT)
    if recorded is None:
        with groomer.store.reading() as session:
            moment = moment_of(session, dataset, groomer.calendar, begun)
        recorded = record.step(Step(name=MOMENT, digest=record.put(moment), at=begun))
    return Moment.model_validate(record.get(recorded))


def _prompts(groomer: Groomer) -> tuple[tuple[str, Digest], ...]:
    """What the model is told, recorded as an input; nothing where none is asked."""
    if not groomer.model.name:
        return ()
    texts = prompts_in_force(groomer.store, groomer.trust)
    return tuple((name, groomer.objects.put_text(text)) for name, text in sorted(texts.items()))


def _learned(
    groomer: Groomer, dataset: Dataset, checks: Sequence[Check], version: int
) -> Digest | None:
    """The limits that earlier results teach, recorded as an input, so that a replay has them."""
    asked = [check for check in checks if check.learned is not None]
    if not asked:
        return None
    with groomer.store.reading() as session:
        past = history.past_results(session, dataset.name, up_to=version)
    taught = with_history(asked, past, version=version, now=groomer.clock())
    limits = {check.id: check.learned for check in taught if check.learned is not None}
    return groomer.objects.put(LearnedLimits(limits=limits))


def _experience(groomer: Groomer, dataset: Dataset) -> Digest | None:
    """What people answered so far, recorded as an input, so that a replay learns the same."""
    with groomer.store.reading() as session:
        known = answers.experience_of(session, dataset.name)
    return None if known is None else groomer.objects.put(known)


def _recipe(
    groomer: Groomer, dataset: Dataset, alerts: Sequence[Alert], recipe: Recipe | None
) -> Digest | None:
    """The recipe to apply; while its card waits, later runs over the dataset go on with it."""
    if recipe is not None:
        return groomer.objects.put(recipe)
    if alerts:
        return None
    with groomer.store.reading() as session:
        waiting = proposals.queue(session, dataset=dataset.name)
        return next(
            (
                runs.get_run(session, one.proposal.run).inputs.recipe
                for one in waiting
                if _is_recipe(one.proposal)
            ),
            None,
        )


def _is_recipe(proposal: Proposal) -> bool:
    basis = proposal.draft.basis
    return basis is not None and basis.principle == PRINCIPLE and not proposal.follows


def _checks(dataset: Dataset, contract: str | None) -> tuple[Check, ...]:
    if contract is None:
        return ()
    return parse_contract(contract, dataset=dataset.name, source="the contract").checks


def _finished(groomer: Groomer, inputs: RunInputs) -> str | None:
    with groomer.store.reading() as session:
        return runs.finished_run(session, inputs.digest)


def _begin(groomer: Groomer, inputs: RunInputs) -> runs.RunRecord:
    """The run that was killed on these inputs, or a new one."""
    at = groomer.clock()
    with groomer.store.transaction() as session:
        known = runs.unfinished_run(session, inputs.digest)
        if known is None:
            known = short_id("R", inputs, at)
            runs.start_run(session, known, inputs, actor=ACTOR, at=at)
        return runs.get_run(session, known)


def _groomed(inputs: RunInputs, record: _StoreRecord, state: State, handed: Handed) -> Groomed:
    proposed = handed.get(state["propose"], Proposed)
    validated = handed.get(state["validate"], Validated)
    prioritized = handed.get(state["prioritize"], Prioritized)
    parking = handed.get(state["park"], Parking)
    fresh: dict[str, list[str]] = {"votes": [], "auto": [], "deny": []}
    known: list[str] = []
    for proposal in parking.proposals:
        if record.parked.get(proposal.id) is Parked.KNOWN:
            known.append(proposal.id)
        else:
            fresh[proposal.verdict.outcome].append(proposal.id)
    return Groomed(
        run=record.run,
        dataset=inputs.dataset,
        version=inputs.version,
        findings=len(parking.findings),
        waiting=tuple(fresh["votes"]),
        approved=tuple(fresh["auto"]),
        denied=tuple(fresh["deny"]),
        known=tuple(known),
        refused=len(validated.refused),
        left_out=prioritized.left_out,
        model=proposed.calls[-1].reply.outcome if proposed.calls else "",
        recipe=proposed.recipe,
        follows=next((one.id for one in parking.proposals if _is_recipe(one)), ""),
    )
