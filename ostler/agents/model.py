"""The model's side of a run: what is asked, what comes back, and all the ways it can fail.

A model adds judgement, never the ability to run: whatever goes wrong becomes an outcome that the
proposer reads, and the planner's drafts stand. Retries are tenacity's alone.
"""

from typing import Literal, Protocol

from pydantic import JsonValue

from ostler.core.base import Frozen
from ostler.core.canonical import Digest, digest_of

Outcome = Literal[
    "answered", "absent", "down", "timeout", "refused", "truncated", "filtered", "nonsense", "error"
]


class ModelRequest(Frozen):
    """One question, whole: the same request has the same digest."""

    model: str
    system: str
    user: str
    """Canonical JSON; data in it is quoted and named by ids."""
    reply_schema: JsonValue

    @property
    def digest(self) -> Digest:
        """What a recorded reply is found by."""
        return digest_of(self)


class ModelReply(Frozen):
    """What came back, kept as it came; hostile."""

    outcome: Outcome
    content: str = ""
    detail: str = ""
    """Why there is no answer, in one line."""
    finish_reason: str = ""
    input_tokens: int = 0
    output_tokens: int = 0


class ModelCall(Frozen):
    """A request and its reply, as a run records them."""

    request: Digest
    reply: ModelReply


class ModelClient(Protocol):
    """Whoever answers: a server, a recording, or nobody."""

    @property
    def name(self) -> str:
        """The model's name, or empty when nobody answers."""
        ...

    def ask(self, request: ModelRequest) -> ModelReply:
        """Answer, or say why not; never raises for a model's failure."""
        ...


class NoModel:
    """Nobody: the embedded planner decides alone."""

    name = ""

    def ask(self, request: ModelRequest) -> ModelReply:
        """Say that nobody is there."""
        return ModelReply(outcome="absent", detail="no model is configured")


class RecordedModel:
    """The replies of a recorded run, for a replay; a question that was not asked then gets none."""

    def __init__(self, name: str, calls: tuple[ModelCall, ...]) -> None:
        self.name = name
        self._replies = {call.request: call.reply for call in calls}

    def ask(self, request: ModelRequest) -> ModelReply:
        """The recorded reply to the same request."""
        return self._replies.get(
            request.digest,
            ModelReply(outcome="absent", detail="this question was not asked in the recorded run"),
        )
