"""A model behind the scripted server, and what a good one would answer."""

import json
from collections.abc import Sequence
from typing import Any

from model_server import Answer, Ask, completion

from ostler.agents.openai import OpenAIModel
from ostler.config.outside import Model
from ostler.core.actions import Correct
from ostler.core.proposals import Draft


def model_at(url: str, *, attempts: int = 2, timeout: float = 30) -> OpenAIModel:
    """The real client, which only waits less between its attempts."""
    settings = Model(base_url=url, name="scripted", attempts=attempts, timeout_seconds=timeout)
    return OpenAIModel(settings, first_wait=0.01)


def card(ask: Ask, column: str) -> dict[str, Any]:
    """The one card that changes a column first, as the model sees it."""
    cards = [d for d in ask.shown["drafts"] if d["kind"] == "correct"]
    [found] = [d for d in cards if d["members"][0]["column"] == column]
    return found


def card_of(drafts: Sequence[Draft], column: str) -> tuple[Draft, Correct]:
    """The one card that changes a column first, with its action."""
    cards = [(one, one.action) for one in drafts if isinstance(one.action, Correct)]
    [found] = [(draft, act) for draft, act in cards if act.corrections[0].column == column]
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
