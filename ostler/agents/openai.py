"""A model behind an OpenAI-compatible address, through langchain-openai."""

import os
import time
from collections.abc import Generator

import httpx2
import openai
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_openai import ChatOpenAI
from pydantic import SecretStr
from tenacity import (
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential_jitter,
)
from typing_extensions import override

from ostler.agents.model import ModelReply, ModelRequest, Outcome
from ostler.config.outside import Model

_AGAIN = (
    openai.APITimeoutError,
    openai.APIConnectionError,
    openai.RateLimitError,
    openai.InternalServerError,
)

_FAILURES: dict[type[Exception], Outcome] = {
    openai.APITimeoutError: "timeout",
    openai.APIConnectionError: "down",
    openai.LengthFinishReasonError: "truncated",
    openai.ContentFilterFinishReasonError: "filtered",
    openai.OpenAIError: "error",
    # What the client raises for a body that is no chat completion at all.
    ValueError: "nonsense",
    TypeError: "nonsense",
    LookupError: "nonsense",
    AttributeError: "nonsense",
    RecursionError: "nonsense",
}
"""What each failure of the client means; the first kind that fits."""

_FINISHED: dict[str, Outcome] = {"length": "truncated", "content_filter": "filtered"}

_SECRET = 8
"""A shorter key is no secret but a word that a local server wants to see."""


class OpenAIModel:
    """Asks a server; every failure becomes an outcome."""

    def __init__(self, settings: Model, first_wait: float = 0.5) -> None:
        self.name = settings.name
        self._settings = settings
        self._first_wait = first_wait
        # The client refuses an empty key; many local servers want none.
        self._key = os.environ.get("OSTLER_MODEL_API_KEY", "").strip() or "none"

    def ask(self, request: ModelRequest) -> ModelReply:
        """Ask, retrying what may pass; the reply is kept raw and judged by the caller."""
        retrying = Retrying(
            stop=stop_after_attempt(self._settings.attempts),
            wait=wait_exponential_jitter(
                multiplier=self._first_wait, jitter=self._first_wait, max=20
            ),
            retry=retry_if_exception_type(_AGAIN),
            reraise=True,
        )
        try:
            return retrying(self._once, request)
        except tuple(_FAILURES) as error:
            detail = " ".join(f"{type(error).__name__}: {error}".split())
            return ModelReply(outcome=_outcome(error), detail=self._text(detail)[:300])

    def _once(self, request: ModelRequest) -> ModelReply:
        with httpx2.Client(event_hooks={"response": [self._bound]}) as http:
            client = ChatOpenAI(
                model=request.model,
                base_url=self._settings.base_url,
                api_key=SecretStr(self._key),
                timeout=self._settings.timeout_seconds,
                max_retries=0,
                temperature=self._settings.temperature,
                http_client=http,
            )
            # Not strict: a server that is would refuse a schema with limits and defaults in it.
            schema = {"name": "reply", "schema": request.reply_schema, "strict": False}
            bound = client.bind(response_format={"type": "json_schema", "json_schema": schema})
            message = bound.invoke([SystemMessage(request.system), HumanMessage(request.user)])
        refusal = str(message.additional_kwargs.get("refusal") or "")
        finish = str(message.response_metadata.get("finish_reason") or "")
        usage = message.usage_metadata
        return ModelReply(
            outcome="refused" if refusal else _FINISHED.get(finish, "answered"),
            content=self._text(message.content) if isinstance(message.content, str) else "",
            detail=self._text(refusal)[:300],
            finish_reason=self._text(finish)[:40],
            input_tokens=usage["input_tokens"] if usage else 0,
            output_tokens=usage["output_tokens"] if usage else 0,
        )

    def _bound(self, response: httpx2.Response) -> None:
        """Give the reply as a whole the time that the client gives to each read of it."""
        if isinstance(response.stream, httpx2.SyncByteStream):
            until = time.monotonic() + self._settings.timeout_seconds
            response.stream = _Bounded(response.stream, until)

    def _text(self, text: str) -> str:
        """A server's text as it can be kept: Unicode, and without the key, should it say it."""
        text = text.encode("utf-8", "backslashreplace").decode()
        return text.replace(self._key, "[key]") if len(self._key) >= _SECRET else text


def _outcome(error: Exception) -> Outcome:
    for kind, outcome in _FAILURES.items():
        if isinstance(error, kind):
            return outcome
    return "error"


class _Bounded(httpx2.SyncByteStream):
    """A body that must end in time: some servers send a blank now and then while they work."""

    def __init__(self, body: httpx2.SyncByteStream, until: float) -> None:
        self._body = body
        self._until = until

    @override
    def __iter__(self) -> Generator[bytes]:
        for part in self._body:
            if time.monotonic() > self._until:
                raise httpx2.ReadTimeout("the reply did not end in time")
            yield part

    @override
    def close(self) -> None:
        self._body.close()
