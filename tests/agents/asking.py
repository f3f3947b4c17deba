"""A model behind the scripted server, and what a good one would answer."""

import json
from collections.abc import Sequence
from typing import Any

from model_server import Answer, Ask, completion

from ostler.agents.openai import OpenAIModel
from ostler.config.settings import Model
from ostler.core.actions import Correct
from ostler.core.proposals import Draft


def model_at(url: str, *, attempts: int = 2, timeout: float = 30) -> OpenAIModel:
    """The real client, which only waits less between its attempts."""
    settings = Model(base_url=url, name="scripted", attempts=attempts, timeout_seconds=timeout)
    return OpenAIModel(settings, first_wait=0.01)


def card(ask: Ask, column: str) -> dict[str, Any]:
    """The one card whose changes are all in a column, as the model sees it."""
    [found] = [
        d
        for d in ask.shown["drafts"]
        if d["kind"] == "correct" and {m["column"] for m in d["members"]} == {column}
    ]
    return found


def card_of(drafts: Sequence[Draft], column: str) -> tuple[Draft, Correct]:
    """The one card whose changes are all in a column, with its action."""
    [found] = [
        (draft, draft.action)
        for draft in drafts
        if isinstance(draft.action, Correct)
        and {one.column for one in draft.action.corrections} == {column}
    ]
    return found


def advice(ask: Ask) -> dict[str, Any]:
    """Strike a change, doubt another card, add one replacement."""
    typos = card(ask, "city")
    first, second = typos["members"][:2]
    return {
        "advice": [
            {
                "draft": typos["id"],
                "use": True,
                "strike": [first["id"]],
                "rationale": "The first is a town of its own.",
            },
            {
                "draft": card(ask, "phone")["id"],
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
