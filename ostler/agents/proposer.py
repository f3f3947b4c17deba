"""The proposer: runs the planned tools and, with a model configured, takes its advice.

The model sees profiles and ids, never the text of a cell. It chooses among typed actions and
parameterises them; what it says is checked here, and nothing that it says can loosen anything.
"""

from collections.abc import Sequence

from ostler.agents import advice
from ostler.agents.context import GroomingContext
from ostler.agents.model import ModelCall
from ostler.agents.outputs import Investigation, Proposed, ToolUse
from ostler.agents.planner import plan
from ostler.agents.prompts import ADVICE, PROMPTS
from ostler.core.actions import (
    AgreeWithColumns,
    AskValues,
    ConvertUnit,
    Correct,
    Reformat,
    ReplaceValues,
    SplitSuffix,
)
from ostler.core.base import Frozen
from ostler.core.items import Alert
from ostler.core.proposals import Draft
from ostler.core.recipes import Followed, StepFit
from ostler.telemetry import names
from ostler.tools.registry import Drafts, Following, Mining

_DOING = {
    "repair.mine": "looking for cells to mend",
    "repair.duplicates": "looking for duplicates",
}


def propose(context: GroomingContext, found: Investigation) -> Proposed:
    """Drafts of typed actions, each with the rule it mends and why it is believed to be right."""
    drafts: list[Draft] = []
    uses: list[ToolUse] = []
    planned = plan(found.findings, context.alerts)
    tools: list[tuple[str, Frozen]] = []
    if planned.principles:
        mining = Mining(principles=planned.principles, experience=context.experience)
        tools.append(("repair.mine", mining))
    if planned.duplicates:
        tools.append(("repair.duplicates", context.experience))
    for tool, given in tools:
        context.progress(_DOING[tool])
        mined = context.call(tool, given, Drafts).drafts
        kept = tuple(draft for draft in mined if _concerns(draft, context.alerts))
        uses.append(ToolUse(tool=tool, because=planned.because, drafts=len(kept)))
        drafts += kept
    fits: tuple[StepFit, ...] = ()
    if context.recipe is not None:
        context.progress(f"applying the recipe of {context.recipe.dataset}")
        given = Following(recipe=context.recipe, drafts=tuple(drafts))
        followed = context.call("repair.recipe", given, Followed)
        fits = followed.steps
        drafts = [*([followed.draft] if followed.draft else []), *followed.rest]
    if not context.model.name or not drafts:
        return Proposed(drafts=tuple(drafts), tools=tuple(uses), recipe=fits)
    context.progress(f"asking {context.model.name}")
    advised, call = _advised(context, tuple(drafts))
    return Proposed(drafts=advised, tools=tuple(uses), calls=(call,), recipe=fits)


def _concerns(draft: Draft, alerts: Sequence[Alert]) -> bool:
    if not all(alert.columns for alert in alerts):
        return True
    named = {column for alert in alerts for column in alert.columns}
    return not named or not named.isdisjoint(_changed(draft))


def _changed(draft: Draft) -> tuple[str, ...]:
    """The columns that a draft changes; where it deletes rows, those that say why."""
    match draft.action:
        case ReplaceValues() | Reformat() | ConvertUnit() as action:
            return (action.column,)
        case AgreeWithColumns(targets=targets):
            return tuple(target.column for target in targets)
        case SplitSuffix(column=column, into=into):
            return (column, into)
        case Correct(corrections=corrections):
            return tuple(dict.fromkeys(one.column for one in corrections))
        case AskValues(cells=cells):
            return tuple(dict.fromkeys(one.column for one in cells))
        case _:
            return draft.rule.columns


def _advised(
    context: GroomingContext, drafts: tuple[Draft, ...]
) -> tuple[tuple[Draft, ...], ModelCall]:
    """The drafts with the model's advice on them; as they were when there is none to be had."""
    question = advice.question(
        context.model.name,
        context.dataset.name,
        drafts,
        context.around.classes,
        context.prompts.get(ADVICE, PROMPTS[ADVICE].text),
    )
    attributes = {
        names.OPERATION_NAME: names.CHAT,
        names.REQUEST_MODEL: context.model.name,
        names.CONTENT_REF: question.request.digest,
    }
    with context.telemetry.span(
        names.span_name(names.CHAT, context.model.name), "client", attributes
    ) as span:
        reply = context.model.ask(question.request)
        advised = drafts
        if reply.outcome == "answered":
            try:
                advised = advice.follow(question, reply.content)
            except advice.Nonsense as error:
                reply = reply.model_copy(update={"outcome": "nonsense", "detail": str(error)})
        span.set(
            {
                names.OUTCOME: reply.outcome,
                names.INPUT_TOKENS: reply.input_tokens,
                names.OUTPUT_TOKENS: reply.output_tokens,
            }
        )
        if reply.outcome != "answered":
            # The detail is the server's text, and hostile: bounded here, made visible when shown.
            reason = f"fell back to the planner: {reply.outcome}: {reply.detail}"
            span.set({names.FALLBACK_REASON: reason})
            span.error(reason)
            context.progress(f"{context.model.name}: {reply.outcome}; the planner decides alone")
    return advised, ModelCall(request=question.request.digest, reply=reply)
