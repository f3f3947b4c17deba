"""What is outside: where it is, and where the secrets for it stand, never in the settings."""

import os
import re
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from ostler.config.section import Section
from ostler.core.errors import BadInput

_SECRET_BYTES = 16


class Secret(Section):
    """Where a secret is: never in the settings themselves."""

    env: str = Field(default="", pattern=r"^([A-Za-z_][A-Za-z0-9_]*)?$")
    """A variable of the environment."""
    file: str = ""
    """A file that holds nothing else; relative to the workspace."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if bool(self.env) == bool(self.file):
            raise ValueError("name either env: or file:")
        return self


def secret_of(secret: Secret, root: Path, what: str) -> bytes:
    """A secret from where the settings say it is (BadInput); at least 16 bytes."""
    if secret.env:
        where, found = f"the environment variable {secret.env}", os.environ.get(secret.env, "")
        content = found.encode()
    else:
        path = root / Path(secret.file).expanduser()
        where = f"the file {path}"
        try:
            content = path.read_bytes()
        except OSError as error:
            raise BadInput(f"{where}, for {what}, cannot be read: {error.strerror}") from None
    content = content.strip()
    if len(content) < _SECRET_BYTES:
        raise BadInput(
            f"{where}, for {what}, holds {'a short secret' if content else 'nothing'}",
            f"make one of at least {_SECRET_BYTES} bytes: openssl rand -hex 32",
        )
    return content


_HEADER = re.compile(r"(?:[A-Za-z][A-Za-z0-9-]* )?\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
"""A value from the environment, with at most a scheme before it: `Bearer ${TOKEN}`."""

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")


class Http(Section):
    """Where something is posted to."""

    url: str
    headers: dict[str, str] = Field(default_factory=dict)
    """Their values come from the environment: `Authorization: Bearer ${TOKEN}`."""
    timeout_seconds: float = Field(default=10, gt=0, le=60)
    """Of one try, from the first byte to the last."""
    attempts: int = Field(default=12, ge=1, le=50)
    """After so many it is given up and shown."""
    allow_http: bool = False
    """Send over plain http also to other machines."""

    @model_validator(mode="after")
    def _refuse(self) -> Self:
        try:
            parts = urlsplit(self.url)
            host = parts.hostname or ""
        except ValueError:
            raise ValueError("url: is not an address") from None
        if parts.scheme not in ("http", "https") or not host or self.url != self.url.strip():
            raise ValueError("url: must begin with https:// and name a host")
        if parts.username is not None or parts.password is not None:
            raise ValueError("url: holds a name or password; use a header from the environment")
        if parts.scheme == "http" and not (self.allow_http or _is_local(host)):
            raise ValueError("url: is not encrypted; use https, or say allow_http: true")
        for name, value in self.headers.items():
            if not _TOKEN.fullmatch(name) or name.lower() in _OURS:
                raise ValueError(f"headers: {name!r} cannot be set")
            if not _HEADER.fullmatch(value):
                raise ValueError(
                    f"headers: {name} must come from the environment, as in Bearer ${{TOKEN}}"
                )
        return self


_OURS = ("content-type", "content-length", "host", "idempotency-key", "transfer-encoding")


def _is_local(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def header_values(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers with their values from the environment; BadInput names a variable that is not set."""
    values: dict[str, str] = {}
    for name, pattern in headers.items():
        found = _HEADER.fullmatch(pattern)
        variable = found.group(1) if found else ""
        value = os.environ.get(variable, "")
        if not value or not (value.isascii() and value.isprintable()):
            raise BadInput(
                f"the environment variable {variable}, for the header {name}, "
                + ("cannot be sent" if value else "is not set")
            )
        values[name] = pattern.replace(f"${{{variable}}}", value)
    return values


class Effect(Http):
    """A destination outside that is told what happens."""

    events: tuple[str, ...] = ("proposal.published", "proposal.failed", "proposal.reverted")
    """Kinds of events, with * and ?."""


class Lineage(Section):
    """Where OpenLineage events of executions go, and under which names."""

    namespace: str = Field(default="ostler", min_length=1, max_length=500)
    """Of our datasets and jobs."""
    job: str = Field(default="groom", min_length=1, max_length=200)
    """Jobs are called `JOB.DATASET`."""
    file: str = ""
    """A file of JSON lines that events are appended to; relative to the workspace."""
    http: Http | None = None
    """A server that takes events at /api/v1/lineage."""


class Model(Section):
    """A model behind an OpenAI-compatible address; its key comes from OSTLER_MODEL_API_KEY."""

    base_url: str
    """With the version path, as in http://localhost:11434/v1."""
    name: str
    timeout_seconds: float = Field(default=30, gt=0, le=600)
    attempts: int = Field(default=3, ge=1, le=5)
    temperature: float = Field(default=0, ge=0, le=2)

    @field_validator("base_url")
    @classmethod
    def _refuse(cls, address: str) -> str:
        if "@" in address:
            raise ValueError("holds a name or password; a key comes from OSTLER_MODEL_API_KEY")
        return address


class Spark(Section):
    """A server of Spark Connect, and which of its tables are datasets of ours."""

    address: str
    """As in sc://spark.example:15002; a token comes from SPARK_CONNECT_AUTHENTICATE_TOKEN."""
    tables: dict[str, str] = Field(default_factory=dict)
    """By dataset: a name in its catalog, or the path of a Delta table or a .parquet file."""

    @field_validator("address")
    @classmethod
    def _refuse(cls, address: str) -> str:
        if not address.startswith("sc://"):
            raise ValueError("must begin with sc://")
        if re.search(r"[;?&]\s*token\s*=", address, re.IGNORECASE) or "@" in address:
            raise ValueError("holds a secret; put it into SPARK_CONNECT_AUTHENTICATE_TOKEN")
        return address


class Engines(Section):
    """Where checks can be measured besides here."""

    spark: Spark | None = None
