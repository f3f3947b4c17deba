"""A model behind the scripted server, and what a good one would answer."""

import json
from collections.abc import Sequence
from typing import Any, TypeVar

from model_server import Answer, Ask, completion

from ostler.agents.openai import OpenAIModel
from ostler.config.settings import Model
from ostler.core.actions import AgreeWithColumns, ReplaceValues
from ostler.core.proposals import Draft

Action = TypeVar("Action", ReplaceValues, AgreeWithColumns)


def model_at(url: str, *, attempts: int = 2, timeout: float = 30) -> OpenAIModel:
    """The real client, which only waits less between its attempts."""
    settings = Model(base_url=url, name="scripted", attempts=attempts, timeout_seconds=timeout)
    return OpenAIModel(settings, first_wait=0.01)


def card(ask: Ask, kind: str, column: str) -> dict[str, Any]:
    """The one draft of a kind on a column, as the model sees it."""
    [found] = [d for d in ask.shown["drafts"] if d["kind"] == kind and column in d["columns"]]
    return found


def drafts_of(
    drafts: Sequence[Draft], kind: type[Action], column: str
) -> list[tuple[Draft, Action]]:
    """The drafts of a kind that mend a rule on a column, each with its action."""
    return [
        (draft, draft.action)
        for draft in drafts
        if isinstance(draft.action, kind) and column in draft.rule.columns
    ]


def advice(ask: Ask) -> dict[str, Any]:
    """Strike a typo, ask for more agreement, doubt the markers, add one replacement."""
    typos = card(ask, "replace_values", "city")
    first, second = typos["members"]
    return {
        "advice": [
            {
                "draft": typos["id"],
                "use": True,
                "strike": [first["id"]],
                "rationale": "The first is a town of its own.",
            },
            {
                "draft": card(ask, "agree_with_columns", "city")["id"],
                "use": True,
                "min_share": 0.9,
                "rationale": "A state has one such city here.",
            },
            {
                "draft": card(ask, "replace_values", "phone")["id"],
                "use": False,
                "rationale": "It may mean something.",
            },
        ],
        "additions": [
            {
                "action": "replace_values",
                "draft": typos["id"],
                "values": [first["old"]["id"]],
                "by": second["new"]["id"],
                "rationale": "It was moved.",
            }
        ],
    }


def good(ask: Ask) -> Answer:
    return completion(json.dumps(advice(ask)))
