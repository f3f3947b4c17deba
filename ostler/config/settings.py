"""Settings: what `ostler.yaml` says, over it the environment, under it the defaults."""

import re
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

import yaml
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from ostler.config.calendar import Calendar, Freeze
from ostler.config.outside import Effect, Engines, Lineage, Model, Secret, Spark
from ostler.config.section import FILE, Section
from ostler.config.timing import Notify, Recurring, Watch, Zone
from ostler.core.datasets import Connection
from ostler.core.errors import BadInput, NotFound
from ostler.core.rollout import Rollout


class Grooming(Section):
    """What steers a run; part of its recorded inputs."""

    max_proposals: int = Field(default=50, ge=1, le=1000)
    expires_after_days: float = Field(default=30, gt=0)
    sample_cells: int = Field(default=20, ge=1, le=200)
    """Changed cells kept on a card."""
    rollout: dict[str, Rollout] = Field(default_factory=dict[str, Rollout])
    """By dataset: what of a patch goes first, and how it is watched."""


class Work(Section):
    """What steers a worker."""

    lease_seconds: int = Field(default=300, ge=5)
    poll_seconds: float = Field(default=2, gt=0)
    watch_seconds: float = Field(default=60, ge=0)
    """How often a waiting worker looks at a canary."""
    runs: int = Field(default=1, ge=0, le=64)
    """Over due datasets at once, by all workers of a database; 0: this worker starts none."""
    spacing_seconds: float = Field(default=60, ge=0)
    """Between the end of a run and the next one over the same dataset."""
    attempts: int = Field(default=6, ge=1, le=50)
    """A run that failed so often is given up and shown."""


class Alerts(Section):
    """What steers the taking in of alerts."""

    port: int = Field(default=9311, ge=0, le=65535)
    host: str = "127.0.0.1"
    token: Secret | None = None
    """Senders show it: `Authorization: Bearer TOKEN`."""
    hmac: Secret | None = None
    """Senders sign with it; see docs/alerts.md."""
    per_minute: int = Field(default=1200, ge=1)
    """Requests of one sender, by its address."""
    window_hours: float = Field(default=24, gt=0, le=24 * 365)
    """Alerts of one cause no further apart are one group, with one item."""
    settle_seconds: float = Field(default=5, ge=0)
    """How long a burst may gather before a run begins."""


class OfDataset(Section):
    """What is set for one dataset."""

    alert_names: tuple[str, ...] = ()
    """What monitors call it, with * and ?."""
    daily_rows: int | None = Field(default=None, ge=0)
    """Rows that may be changed in a day; a policy says what happens beyond."""


class Drills(Section):
    """Cards that are wrong on purpose, to see whether reviewers read."""

    per_hundred: float = Field(default=0, ge=0, le=50)
    """For so many of a hundred votes a drill is put into the queue; 0: only when asked for."""


class Upkeep(Section):
    """What steers `ostler gc`."""

    retention_days: int = Field(default=0, ge=0)
    """Versions that nobody needs are released so many days after they were replaced; 0: never."""


_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}")


class Settings(BaseSettings):
    """All settings of a workspace."""

    model_config = SettingsConfigDict(
        env_prefix="OSTLER_", env_nested_delimiter="__", frozen=True, extra="forbid"
    )

    people: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Who may be in which role: `ana: [owner, steward]`."""
    readers: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Which roles may lift the masks of a class of a contract: `pii: [steward]`."""
    reviewer: str = ""
    """Who is at the keyboard; empty: the user of the operating system."""
    unsigned_votes: bool = False
    """Whether votes count without a signature, for a trial; never where a roster was installed."""
    reviewer_key: str = ""
    """File of the key that the reviewer signs with; empty: the first that can be had of those that
    the roster knows, in the ssh-agent or in ~/.ssh."""
    roster_root: str = ""
    """Public key, as in its .pub file, that must have signed the first roster; empty: whichever
    did."""
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
    drills: Drills = Field(default_factory=Drills)
    upkeep: Upkeep = Field(default_factory=Upkeep)
    alerts: Alerts = Field(default_factory=Alerts)
    zone: Zone = "UTC"
    """The time zone in which policies see hours and days."""
    freezes: dict[str, Freeze] = Field(default_factory=dict[str, Freeze])
    """Windows in which nothing is to change, by name."""
    datasets: dict[str, OfDataset] = Field(default_factory=dict)
    """By name: what is set for one dataset alone."""
    effects: dict[str, Effect] = Field(default_factory=dict)
    """Destinations outside, by name."""
    lineage: Lineage = Field(default_factory=Lineage)
    engines: Engines = Field(default_factory=Engines)
    environments: dict[str, dict[str, str]] = Field(default_factory=dict[str, dict[str, str]])
    """By environment: which dataset holds what, as in `staging: {people: people_staging}`."""
    watch: dict[str, tuple[Watch, ...]] = Field(default_factory=dict[str, tuple[Watch, ...]])
    """What is done about a dataset, and when; one entry or a list of them per dataset."""
    recurring: dict[str, Recurring] = Field(default_factory=dict[str, Recurring])
    """Backlog items that come back, by name."""
    notify: dict[str, Notify] = Field(default_factory=dict[str, Notify])
    """People and channels that are told, by name."""
    console_url: str = ""
    """Where a browser opens a proposal: an address with {proposal} in it."""

    @property
    def calendar(self) -> Calendar:
        """What the settings say about the moment."""
        budgets = {name: one.daily_rows for name, one in self.datasets.items()}
        return Calendar(
            zone=self.zone,
            freezes=self.freezes,
            daily_rows={name: rows for name, rows in budgets.items() if rows is not None},
        )

    def in_environment(self, name: str, environment: str) -> str:
        """The dataset that holds `name` there; by default it is called so. NotFound without one."""
        if environment not in self.environments:
            known = ", ".join(sorted(self.environments)) or "none"
            raise NotFound(
                f"there is no environment {environment!r}; known are: {known}",
                f"name it in {FILE}, as in  environments: {{{environment}: "
                f"{{{name}: {name}_{environment}}}}}",
            )
        return self.environments[environment].get(name, name)

    @field_validator("watch", mode="before")
    @classmethod
    def _one_or_several(cls, watch: Any) -> Any:
        if not isinstance(watch, dict):
            return watch
        entries = cast("dict[object, object]", watch)
        # Not a list: a mapping, or what is none of both and refused by its field.
        return {
            name: cast("object", one) if isinstance(one, list) else [one]
            for name, one in entries.items()
        }

    @field_validator("console_url")
    @classmethod
    def _opens_proposals(cls, url: str) -> str:
        if url and (not url.startswith(("https://", "http://")) or "{proposal}" not in url):
            raise ValueError(
                "must be an address that begins with https:// and has {proposal} in it"
            )
        return url

    @field_validator("effects", "notify", "recurring", "freezes")
    @classmethod
    def _names(cls, named: dict[str, Section]) -> dict[str, Section]:
        for name in named:
            if not _NAME.fullmatch(name):
                raise ValueError(f"{name!r} is no name: use letters, digits, - and _")
        return named

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
    sections = (
        *(Settings, Model, Grooming, Work, Upkeep, Connection, Rollout),
        *(Effect, Lineage, Watch, Recurring, Notify),
        *(Alerts, Secret, OfDataset, Engines, Spark, Freeze),
    )
    return sorted({key for section in sections for key in section.model_fields})
