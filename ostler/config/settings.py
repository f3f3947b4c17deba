"""Settings: what `ostler.yaml` says, over it the environment, under it the defaults."""

from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from ostler.core.datasets import Connection
from ostler.core.errors import BadInput
from ostler.core.rollout import Rollout

FILE = "ostler.yaml"


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Model(_Section):
    """A model behind an OpenAI-compatible address; its key comes from OSTLER_MODEL_API_KEY."""

    base_url: str
    """With the version path, as in http://localhost:11434/v1."""
    name: str
    timeout_seconds: float = Field(default=30, gt=0, le=600)
    attempts: int = Field(default=3, ge=1, le=5)
    temperature: float = Field(default=0, ge=0, le=2)


class Grooming(_Section):
    """What steers a run; part of its recorded inputs."""

    max_proposals: int = Field(default=50, ge=1, le=1000)
    expires_after_days: float = Field(default=30, gt=0)
    sample_cells: int = Field(default=20, ge=1, le=200)
    """Changed cells kept on a card."""
    rollout: dict[str, Rollout] = Field(default_factory=dict[str, Rollout])
    """By dataset: what of a patch goes first, and how it is watched."""


class Work(_Section):
    """What steers a worker."""

    lease_seconds: int = Field(default=300, ge=5)
    poll_seconds: float = Field(default=2, gt=0)
    watch_seconds: float = Field(default=60, ge=0)
    """How often a waiting worker looks at a canary."""


class Upkeep(_Section):
    """What steers `ostler gc`."""

    retention_days: int = Field(default=0, ge=0)
    """Versions that nobody needs are released so many days after they were replaced; 0: never."""


class Settings(BaseSettings):
    """All settings of a workspace."""

    model_config = SettingsConfigDict(
        env_prefix="OSTLER_", env_nested_delimiter="__", frozen=True, extra="forbid"
    )

    people: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Who may be in which role: `ana: [owner, steward]`."""
    reviewer: str = ""
    """Who is at the keyboard; empty: the user of the operating system."""
    state: str = Field(default="", repr=False)
    """Address of the state database, `sqlite:///path` or `postgresql://user@host/name`; empty:
    SQLite in the workspace. A password better stands in PGPASSWORD or ~/.pgpass."""
    storage: str = ""
    """Folder or address of tables, patches and recorded inputs; empty: Ostler's own folder."""
    connections: dict[str, Connection] = Field(default_factory=dict)
    """PostgreSQL databases by name: who reads there, and who writes."""
    model: Model | None = None
    grooming: Grooming = Field(default_factory=Grooming)
    work: Work = Field(default_factory=Work)
    upkeep: Upkeep = Field(default_factory=Upkeep)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment goes over the file, which arrives as keyword arguments."""
        return env_settings, init_settings


def read_settings(path: Path) -> Settings:
    """The settings in a file; BadInput names the line or the key that is wrong."""
    try:
        content: Any = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise BadInput(f"{path} cannot be read: {str(error).splitlines()[0]}") from error
    if not isinstance(content, dict):
        raise BadInput(f"{path} must hold settings as `key: value` lines")
    try:
        return Settings(**content)  # pyright: ignore[reportUnknownArgumentType]
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        hint = ""
        if first["type"] == "extra_forbidden":
            close = get_close_matches(str(first["loc"][-1]), _keys(), 1)
            hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(_keys())}"
        raise BadInput(f"{path}: {where}: {first['msg']}", hint) from None


def _keys() -> list[str]:
    sections = (Settings, Model, Grooming, Work, Upkeep, Connection, Rollout)
    return sorted({key for section in sections for key in section.model_fields})
