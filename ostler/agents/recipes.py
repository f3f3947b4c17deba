"""The recipe of a dataset, read from what people approved on it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from ostler.core.actions import Correct, RenameColumn
from ostler.core.base import Cell
from ostler.core.datasets import Dataset
from ostler.core.errors import NotFound
from ostler.core.experience import Answered, Struck
from ostler.core.recipes import Filled, Recipe, RecipeStep
from ostler.core.states import ProposalState
from ostler.store import answers, proposals
from ostler.store.engine import Store
from ostler.store.proposals import ProposalRecord
from ostler.tables.delta import table_of
from ostler.tables.view import View
from ostler.tools.repair.cells import text_of
from ostler.tools.repair.recipe_steps import Held, literal, settled

_APPROVED = (
    ProposalState.APPROVED,
    ProposalState.EXECUTING,
    ProposalState.CANARY,
    ProposalState.PUBLISHED,
)


@dataclass(frozen=True)
class _Card:
    """An approved card, and what people edited to make it."""

    record: ProposalRecord
    action: Correct
    edits: tuple[Answered, ...]


def recipe_of(store: Store, dataset: Dataset) -> Recipe:
    """What was approved and not reverted, in order; its columns as they are called today."""
    with store.reading() as session:
        found = proposals.queue(session, states=_APPROVED, dataset=dataset.name)
        cards = [
            _Card(record, action, _edits(session, record))
            for record in sorted(found, key=_when)
            if isinstance(action := record.proposal.draft.action, Correct)
        ]
    renames = [
        (record.proposal.patch.base_version, action)
        for record in sorted(found, key=lambda one: one.proposal.patch.base_version)
        if record.state is ProposalState.PUBLISHED
        and isinstance(action := record.proposal.draft.action, RenameColumn)
    ]
    table = table_of(dataset)
    steps: list[RecipeStep] = []
    for card in cards:
        base = card.record.proposal.patch.base_version
        later = [action for version, action in renames if version >= base]
        steps.append(_renamed(_step(card, _held(table.view, base, card.action)), later))
    return Recipe(dataset=dataset.name, steps=settled(steps))


def _when(record: ProposalRecord) -> tuple[object, ...]:
    return (record.decided_at or record.created_at, record.proposal.id)


def _edits(session: Session, record: ProposalRecord) -> tuple[Answered, ...]:
    """The edits that led to a proposal, from the card that was mined on."""
    made, edits = record.proposal, list[Answered]()
    while made.follows:
        found = [
            one.card
            for one in answers.answers_to(session, made.follows)
            if one.made == made.id and one.card is not None
        ]
        edits = [*found, *edits]
        made = proposals.get_proposal(session, made.follows).proposal
    return tuple(edits)


def _step(card: _Card, held: Held) -> RecipeStep:
    record = card.record
    proposal, action = record.proposal, card.action
    basis = proposal.draft.basis
    determinants = basis.determinants if basis else ()
    by = (vote.reviewer for vote in record.votes if vote.decision == "approve")
    return RecipeStep(
        proposal=proposal.id,
        rule=action.rule,
        principle=action.principle,
        columns=tuple(dict.fromkeys(one.column for one in action.corrections)),
        determinants=determinants,
        direction=basis.direction if basis else "",
        band=basis.band if basis else "likely",
        cells=proposal.patch.cells,
        by=tuple(dict.fromkeys(by)),
        at=record.decided_at or record.created_at,
        mapped=literal(action, determinants, held),
        struck=tuple(dict.fromkeys(one for edit in card.edits for one in edit.struck)),
        filled=_filled(card),
    )


def _filled(card: _Card) -> Filled | None:
    """The value that a person gave all its cells, if one did."""
    news = {one.new for one in card.action.corrections}
    if len(news) != 1:
        return None
    value = next(iter(news))
    typed = any(edit.direction == repr(value) for edit in card.edits)
    return Filled(value=value) if typed else None


def _held(view_at: Callable[[int], View], version: int, action: Correct) -> Held:
    """How many cells held each value that is named; nothing when the version is gone."""
    named: dict[str, list[Cell]] = {}
    for one in action.corrections:
        named.setdefault(one.column, []).extend((one.old, one.new))
    try:
        view = view_at(version)
    except NotFound:
        # What it would say literally is then left to mining.
        return {}
    return dict(pair for column, values in named.items() for pair in _counted(view, column, values))


def _counted(
    view: View, column: str, values: Sequence[Cell]
) -> Iterable[tuple[tuple[str, Cell], int]]:
    text = text_of(column)
    found = view.query(
        f"""SELECT {text}, count(*) FROM {view.source} AS t
            WHERE {text} IN (SELECT unnest(CAST(? AS VARCHAR[]))) OR {text} IS NULL
            GROUP BY 1 ORDER BY 1""",
        [[value for value in values if value is not None]],
    )
    for value, number in found:
        yield (column, None if value is None else str(value)), int(number)


def _renamed(step: RecipeStep, renames: Sequence[RenameColumn]) -> RecipeStep:
    """The step with its columns as they are called after some renames, in order."""
    names = dict[str, str]()
    for rename in renames:
        names = {old: rename.to if new == rename.column else new for old, new in names.items()}
        names.setdefault(rename.column, rename.to)
    if not names:
        return step

    def named(column: str) -> str:
        return names.get(column, column)

    return step.model_copy(
        update={
            "columns": tuple(named(one) for one in step.columns),
            "determinants": tuple(named(one) for one in step.determinants),
            "mapped": tuple(
                one.model_copy(update={"column": named(one.column)}) for one in step.mapped
            ),
            "struck": tuple(
                Struck(column=named(one.column), old=one.old, new=one.new) for one in step.struck
            ),
        }
    )
