"""The routes: alerts in, and how the service does.

POST /alerts            the form is told by the document
POST /alerts/{adapter}  the form is named; ?dataset=NAME for documents that name none
GET  /metrics /healthz /readyz
"""

import asyncio
import math
import queue
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from ostler.core.canonical import digest_bytes
from ostler.core.errors import OstlerError
from ostler.store.dead_letters import DeadLetter
from ostler.triggers.alerts.reading import ADAPTERS, BODY_BYTES, Message
from ostler.triggers.alerts.taking import Intake, Taken
from ostler.triggers.service.guard import Guard
from ostler.triggers.service.metrics import CONTENT_TYPE, Metrics
from ostler.triggers.service.rate import Rate
from ostler.triggers.service.writer import Writer

BODY_SECONDS = 10.0
"""How long a sender may take for its body."""

_NAME = 200


@dataclass(frozen=True)
class Service:
    """What the routes work with."""

    intake: Intake
    writer: Writer
    guard: Guard
    rate: Rate
    metrics: Metrics
    ready: Callable[[], str]
    """Why the service cannot do its work, or empty; may read the database."""


class _Refused(Exception):
    """A request that ends here."""

    def __init__(self, status: int, why: str, *, wait: float = 0, hint: str = "") -> None:
        self.status, self.why, self.wait, self.hint = status, why, wait, hint


def application(service: Service) -> Starlette:
    """The service as an ASGI application."""

    async def post(request: Request) -> Response:
        began = time.monotonic()
        adapter = str(request.path_params.get("adapter", ""))
        try:
            answer = await _post(service, request, adapter)
        except _Refused as refused:
            headers = {"Retry-After": str(math.ceil(refused.wait))} if refused.wait else {}
            said = {"error": refused.why, **({"hint": refused.hint} if refused.hint else {})}
            answer = JSONResponse(said, refused.status, headers)
        service.metrics.answered(adapter, answer.status_code, time.monotonic() - began)
        return answer

    async def metrics(_: Request) -> Response:
        return Response(await run_in_threadpool(service.metrics.text), media_type=CONTENT_TYPE)

    async def healthy(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def ready(_: Request) -> Response:
        why = await run_in_threadpool(service.ready)
        return PlainTextResponse(f"{why or 'ready'}\n", 503 if why else 200)

    return Starlette(
        routes=[
            Route("/alerts", post, methods=["POST"]),
            Route("/alerts/{adapter}", post, methods=["POST"]),
            Route("/metrics", metrics),
            Route("/healthz", healthy),
            Route("/readyz", ready),
        ]
    )


async def _post(service: Service, request: Request, adapter: str) -> Response:
    wait = service.rate.wait(request.client.host if request.client else "")
    if wait:
        raise _Refused(429, "too many requests", wait=wait)
    headers = {name.lower(): value for name, value in request.headers.items()}
    if why := service.guard.refuses(headers):
        raise _Refused(403 if service.guard.is_open else 401, why)
    body, whole = await _body(request)
    if not whole:
        raise await _too_long(service, adapter[:_NAME], body)
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if why := service.guard.refuses_body(headers, target, body):
        raise _Refused(401, why)
    message = Message(
        body=body,
        adapter=adapter[:_NAME],
        dataset=request.query_params.get("dataset", "")[:_NAME],
        headers=_meaning(headers),
    )
    taken = await _taken(service, message)
    service.metrics.took(adapter, taken)
    return JSONResponse(_said(taken), _status(taken, adapter))


async def _body(request: Request) -> tuple[bytes, bool]:
    """The body as far as it may be read, and whether that is all of it."""
    parts = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                parts += chunk
                if len(parts) > BODY_BYTES:
                    return bytes(parts[:BODY_BYTES]), False
    except TimeoutError:
        raise _Refused(408, f"the body did not come within {BODY_SECONDS:.0f} s") from None
    except ClientDisconnect:
        raise _Refused(400, "the body was cut off") from None
    return bytes(parts), True


async def _too_long(service: Service, adapter: str, begin: bytes) -> _Refused:
    why = f"the body is longer than {BODY_BYTES:,} bytes"
    if service.guard.is_open or service.guard.secret is None:
        # Who signs is not known before the body is whole; everybody else was let in already.
        dead = DeadLetter(adapter, why, None, len(begin), digest_bytes(begin))
        await run_in_threadpool(service.intake.refuse, dead)
    return _Refused(413, why, hint="send it in parts, or without samples")


async def _taken(service: Service, message: Message) -> Taken:
    try:
        future = service.writer.put(message)
    except queue.Full:
        raise _Refused(503, "too much waits to be written", wait=5) from None
    try:
        return await asyncio.wrap_future(future)
    except OstlerError as error:
        # The message is not lost: its sender knows that it was not taken.
        raise _Refused(503, error.message, wait=5, hint=error.hint) from None
    except Exception:
        # Told in full by the writer; whoever sends has no use for it.
        raise _Refused(500, "a defect of ours: it was not taken", wait=60) from None


def _meaning(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that are part of a message: those of a CloudEvent in binary mode."""
    return {name: value[:2_000] for name, value in headers.items() if name.startswith("ce-")}


def _status(taken: Taken, adapter: str) -> int:
    if not taken.refused or taken.alerts:
        return 200
    if not taken.malformed:
        return 422
    return 404 if adapter and adapter not in ADAPTERS else 400


def _said(taken: Taken) -> dict[str, object]:
    told = taken.model_dump(mode="json", exclude={"refused", "hint", "malformed", "dead_letter"})
    if taken.refused:
        told |= {"error": taken.refused[0], "refused": list(taken.refused)}
        told |= {"hint": taken.hint, "dead_letter": taken.dead_letter}
    return told
