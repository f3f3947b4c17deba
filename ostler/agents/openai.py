"""A model behind an OpenAI-compatible address, through langchain-openai."""

import os
from typing import Any, cast

import openai
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_openai import ChatOpenAI
from tenacity import (
    RetryError,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential_jitter,
)

from ostler.agents.model import ModelReply, ModelRequest, Outcome
from ostler.config.settings import Model

_AGAIN = (
    openai.APITimeoutError,
    openai.APIConnectionError,
    openai.RateLimitError,
    openai.InternalServerError,
)

_FINISHED: dict[str, Outcome] = {"length": "truncated", "content_filter": "filtered"}


class OpenAIModel:
    """Asks a server; every failure becomes an outcome."""

    def __init__(self, settings: Model, first_wait: float = 0.5) -> None:
        self.name = settings.name
        self._settings = settings
        self._first_wait = first_wait
        # The client refuses an empty key; many local servers want none.
        self._key = os.environ.get("OSTLER_MODEL_API_KEY") or "none"

    def ask(self, request: ModelRequest) -> ModelReply:
        """Ask, retrying what may pass; the reply is kept raw and judged by the caller."""
        retrying = Retrying(
            stop=stop_after_attempt(self._settings.attempts),
            wait=wait_exponential_jitter(initial=self._first_wait, max=20),
            retry=retry_if_exception_type(_AGAIN),
            reraise=True,
        )
        try:
            return retrying(self._once, request)
        except openai.APITimeoutError as error:
            return _failed("timeout", error)
        except openai.APIConnectionError as error:
            return _failed("down", error)
        except openai.LengthFinishReasonError as error:
            return _failed("truncated", error)
        except openai.ContentFilterFinishReasonError as error:
            return _failed("filtered", error)
        except (openai.OpenAIError, RetryError) as error:
            return _failed("error", error)
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            # What the client raises for a body that is no chat completion at all.
            return _failed("nonsense", error)

    def _once(self, request: ModelRequest) -> ModelReply:
        client = ChatOpenAI(
            model=request.model,
            base_url=self._settings.base_url,
            api_key=cast("Any", self._key),
            timeout=self._settings.timeout_seconds,
            max_retries=0,
            temperature=request.temperature,
        )
        bound = client.bind(
            response_format={
                "type": "json_schema",
                "json_schema": {"name": "reply", "schema": request.reply_schema, "strict": True},
            }
        )
        message = bound.invoke([SystemMessage(request.system), HumanMessage(request.user)])
        refusal = str(message.additional_kwargs.get("refusal") or "")
        finish = str(message.response_metadata.get("finish_reason") or "")
        usage = cast("dict[str, int]", getattr(message, "usage_metadata", None) or {})
        content = message.content if isinstance(message.content, str) else ""
        return ModelReply(
            outcome="refused" if refusal else _FINISHED.get(finish, "answered"),
            content=content,
            detail=refusal[:300],
            finish_reason=finish,
            input_tokens=usage.get("input_tokens", 0),
            output_tokens=usage.get("output_tokens", 0),
        )


def _failed(outcome: Outcome, error: Exception) -> ModelReply:
    return ModelReply(outcome=outcome, detail=f"{type(error).__name__}: {error}"[:300])
