"""A witness over HTTP: POST /add-checkpoint, as C2SP's tlog-witness has it."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import datetime
from socket import socket

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from ostler.core.errors import BadInput
from ostler.store.witness import Refused, Witness
from ostler.store.witness_requests import read_asked
from ostler.triggers.service.background import in_background

_BODY_BYTES = 64 * 1024
_SIZE = "text/x.tlog.size"
_CONNECTIONS = 64


def witness_application(witness: Witness, clock: Callable[[], datetime]) -> Starlette:
    """The witness as an ASGI application; GET /key says what its signatures are known by."""

    async def add_checkpoint(request: Request) -> Response:
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > _BODY_BYTES:
                return PlainTextResponse("the body is too long\n", 413)
        return await run_in_threadpool(_answer, witness, body, clock())

    async def key(_: Request) -> Response:
        return PlainTextResponse(f"{await run_in_threadpool(lambda: witness.key)}\n")

    return Starlette(
        routes=[
            Route("/add-checkpoint", add_checkpoint, methods=["POST"]),
            Route("/key", key),
        ]
    )


@contextmanager
def witnessing(witness: Witness, opened: socket, clock: Callable[[], datetime]) -> Generator[None]:
    """Serve a witness in the background."""
    config = uvicorn.Config(
        witness_application(witness, clock),
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=_CONNECTIONS,
    )
    try:
        with in_background(config, opened):
            yield
    finally:
        opened.close()


def _answer(witness: Witness, body: bytes, at: datetime) -> Response:
    try:
        asked = read_asked(body.decode())
        made = witness.add(asked.old, asked.proof, asked.checkpoint, at=at)
    except Refused as refused:
        if refused.size is not None:
            return Response(f"{refused.size}\n", refused.status, media_type=_SIZE)
        return PlainTextResponse(f"{refused.message}\n", refused.status)
    except (BadInput, UnicodeDecodeError) as error:
        why = error.message if isinstance(error, BadInput) else "the body is not UTF-8"
        return PlainTextResponse(f"{why}\n", 400)
    return PlainTextResponse(str(made))
