"""The service as a process: a socket, a server in a thread of its own, a clean end."""

import ipaddress
import socket
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from ostler.config.outside import secret_of
from ostler.config.settings import Alerts
from ostler.core.errors import BadInput, OstlerError
from ostler.store.engine import Store
from ostler.triggers.alerts.taking import Intake
from ostler.triggers.service.app import Service, application
from ostler.triggers.service.background import in_background
from ostler.triggers.service.guard import Guard
from ostler.triggers.service.metrics import Metrics
from ostler.triggers.service.rate import Rate
from ostler.triggers.service.writer import Writer

_CONNECTIONS = 512
_IDLE_SECONDS = 15
_GRACE_SECONDS = 30
"""How long what was begun may take when the service ends."""


def guard_of(settings: Alerts, host: str, root: Path) -> Guard:
    """What senders have to show; BadInput when others could send and nothing has to be shown."""
    token = secret_of(settings.token, root, "alerts.token") if settings.token else None
    secret = secret_of(settings.hmac, root, "alerts.hmac") if settings.hmac else None
    if not (is_loopback(host) or token or secret):
        raise BadInput(
            f"{host} can be reached from outside, and nobody would have to show a token",
            "set alerts: token: {env: OSTLER_ALERT_TOKEN} (or hmac:) in ostler.yaml",
        )
    return Guard(token, secret)


def is_loopback(host: str) -> bool:
    """Whether only programs of this machine reach an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens (BadInput); port 0 is any that is free."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((host, port))
        opened.listen(_CONNECTIONS)
    except (OSError, OverflowError) as error:
        opened.close()
        raise BadInput(
            f"{host}:{port} cannot be listened at: {error}", "name another --port or --host"
        ) from None
    return opened


@contextmanager
def served(
    store: Store, intake: Intake, guard: Guard, per_minute: int, opened: socket.socket
) -> Generator[None]:
    """Serve alerts in the background; at the end what was begun is finished and answered."""
    writer = Writer(intake)
    service = Service(
        intake=intake,
        writer=writer,
        guard=guard,
        rate=Rate(per_minute),
        metrics=Metrics(store, writer),
        ready=lambda: _unready(store, writer),
    )
    config = uvicorn.Config(
        application(service),
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        # Whoever the connection is from is who sends; a header could name anybody.
        proxy_headers=False,
        server_header=False,
        limit_concurrency=_CONNECTIONS,
        timeout_keep_alive=_IDLE_SECONDS,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        h11_max_incomplete_event_size=32_768,
    )
    writer.start()
    try:
        with in_background(config, opened):
            yield
    finally:
        writer.close()
        opened.close()


def _unready(store: Store, writer: Writer) -> str:
    if not writer.is_alive:
        return "alerts are not written any more"
    try:
        return "" if store.is_current() else "the state database needs a newer schema"
    except OstlerError as error:
        return error.message
