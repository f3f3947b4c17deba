"""Prompts: the texts of ours that a model is sent, by name, and which version of each counts.

What ships counts as long as people activated no other text. A prompt steers what a model prefers;
it cannot widen what it may do: a reply is read by a closed schema that is no part of the prompt.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ostler.agents.advice import SYSTEM
from ostler.core.errors import BadInput, NotFound
from ostler.core.roster import Trust
from ostler.store import activations
from ostler.store.activations import Activated
from ostler.store.engine import Store

ADVICE = "advice"
LONGEST = 20_000
"""Characters of a prompt."""


@dataclass(frozen=True)
class Shipped:
    """A prompt as it ships."""

    what: str
    """What it is for, in one sentence."""
    text: str


PROMPTS: Mapping[str, Shipped] = {
    ADVICE: Shipped("How a model reviews the drafts of repairs, before people see them.", SYSTEM)
}
"""Every prompt there is."""


@dataclass(frozen=True)
class Prompt:
    """A prompt, and the text of it that counts."""

    name: str
    text: str
    version: Activated | None
    """None for the one that ships."""


def prompt_in_force(store: Store, name: str, trust: Trust) -> Prompt:
    """A prompt by its name (NotFound).

    VerificationFailed when its text was edited or not voted for.
    """
    shipped = PROMPTS.get(name)
    if shipped is None:
        raise NotFound(f"there is no prompt {name!r}", f"there are: {', '.join(sorted(PROMPTS))}")
    with store.reading() as session:
        now = activations.voted_in_force(session, "prompt", name, trust)
        text = activations.texts_of(session, now)[name] if now else shipped.text
    return Prompt(name, text, now)


def prompts_in_force(store: Store, trust: Trust) -> dict[str, str]:
    """The text that counts of every prompt, by name."""
    return {name: prompt_in_force(store, name, trust).text for name in sorted(PROMPTS)}


def usable(text: str, source: str) -> str:
    """A text that can be a prompt; BadInput for one that cannot."""
    if not text.strip():
        raise BadInput(f"{source} is empty", "write what the model is to be told")
    if len(text) > LONGEST:
        raise BadInput(
            f"{source} has {len(text):,} characters, a prompt at most {LONGEST:,}", "shorten it"
        )
    return text
