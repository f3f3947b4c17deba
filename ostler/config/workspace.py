"""A workspace: a folder with settings, policies and contracts, and Ostler's own folder in it."""

import getpass
import hashlib
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl

from ostler.config.section import FILE
from ostler.config.settings import Settings, read_settings
from ostler.core.errors import BadInput, Conflict, NotFound
from ostler.storage.addresses import checked_url, is_url, refuse_ambiguous
from ostler.storage.paths import AnyPath, path_of, write_whole
from ostler.storage.privacy import make_folder, make_secret

TEMPLATE = """\
# Ostler's settings for this workspace. Everything has a default; this file may stay as it is.

# Votes are signed by people's own SSH keys: ostler identity init. Who may be in which role is said
# there, too; without signatures, for a trial, it stands here.
# unsigned_votes: true
# people:
#   ana: [owner]
#   ben: [steward]
# reviewer_key: ~/.ssh/id_ed25519   # where you have several

# A model is optional. Any address that speaks the OpenAI protocol will do; the key, if one is
# needed, comes from the environment: OSTLER_MODEL_API_KEY.
# model:
#   base_url: http://localhost:11434/v1
#   name: a-model
#   timeout_seconds: 30

# State lies in a SQLite file of this workspace, or in PostgreSQL for a team. No password belongs
# here: PGPASSWORD or ~/.pgpass has it.
# state: postgresql://ostler@db.example.org/ostler

grooming:
  max_proposals: 50        # a run parks at most so many, best first
  expires_after_days: 30   # what nobody decides lapses
  # rollout:               # a part of each patch first, watched, then the rest: docs/rollout.md
  #   people:
  #     canary: {sample: 5%}
  #     checks: 3
  #     promote: hand

work:
  lease_seconds: 300       # how long a worker may hold a claim

upkeep:
  retention_days: 0        # ostler gc releases old versions that nobody needs; 0 keeps them all

# What monitors call a dataset, when their alerts come in; see docs/alerts.md.
# datasets:
#   people:
#     alert_names: ["*.people"]
# Cards that are wrong on purpose and never executed, for so many of a hundred votes, to see whether
# reviewers read; see docs/conduct.md.
# drills:
#   per_hundred: 2
# alerts:
#   token: {env: OSTLER_ALERT_TOKEN}

# Where managed tables, patches and recorded inputs lie; empty: in .ostler/ here. A folder that
# several machines see, or s3://bucket/path; credentials come from the environment.
storage: {storage}

# Which dataset holds what in which environment, for ostler contract promote; see docs/contracts.md.
# environments:
#   staging: {people: people_staging}
#   production: {}         # what is not listed is called what it is called

# Who outside is told what happens; see docs/effects.md and docs/lineage.md.
# effects:
#   tickets:
#     url: https://tickets.example.org/hooks/ostler
#     events: [proposal.failed, "item.*"]
#     headers: {Authorization: "Bearer ${TICKETS_TOKEN}"}
# lineage:
#   file: lineage.jsonl

# When nothing is to change, and how many rows of a dataset may in a day; see docs/policies.md.
# zone: Europe/Berlin
# freezes:
#   release-9: {from: 2026-11-27, until: 2026-12-01T06:00, datasets: ["sales_*"], tags: [finance]}
# datasets:
#   people: {daily_rows: 500}

# What is done when, and who is told in words; see docs/quality.md.
# watch:
#   people: {cron: "0 6 * * 1-5", zone: Europe/Berlin, do: gate}
# notify:
#   ana: {url: "${OSTLER_NOTIFY_ANA}", quiet: 22:00-07:00}
"""


@dataclass(frozen=True)
class Workspace:
    """Where everything of one workspace lies."""

    root: Path
    settings: Settings

    @property
    def hidden(self) -> Path:
        """Ostler's own folder."""
        return self.root / ".ostler"

    @property
    def state_url(self) -> str:
        """Address of the state database."""
        return self.settings.state or f"sqlite:///{self.hidden / 'state.db'}"

    @property
    def heads(self) -> Path:
        """Tree heads of the state database: one file for each database that was used here."""
        if not self.settings.state:
            return self.hidden / "heads.log"
        # Who connects, and how, makes no other database of it.
        address, _, query = self.settings.state.partition("?")
        place = address.partition("://")[2].rpartition("@")[2]
        options = sorted(one for one in parse_qsl(query) if one[0] in ("host", "schema"))
        digest = hashlib.sha256(repr((place, options)).encode()).hexdigest()
        return self.hidden / f"heads-{digest[:8]}.log"

    @property
    def log_key(self) -> Path:
        """The key that signs checkpoints of the log."""
        return self.hidden / "log.key"

    @property
    def cosigned(self) -> Path:
        """The last checkpoint that each witness cosigned."""
        return self.hidden / "cosigned"

    @property
    def receipts(self) -> Path:
        """Receipts of votes cast here: not in the workspace, but on the reviewer's own machine."""
        state = Path(os.environ.get("XDG_STATE_HOME", ""))
        if not state.is_absolute():
            state = Path.home() / ".local" / "state"
        name = hashlib.sha256(str(self.root.resolve()).encode()).hexdigest()[:16]
        return state / "ostler" / "receipts" / name

    @property
    def storage(self) -> AnyPath:
        """Where tables, patches and recorded inputs lie; Ostler's own folder by default."""
        named = self.settings.storage
        if not named:
            return self.hidden
        if is_url(named):
            return path_of(named)
        # The real path: tables are recorded by it, and others who share the folder look for it.
        return path_of((self.root / Path(named).expanduser()).resolve())

    @property
    def objects(self) -> AnyPath:
        """Recorded inputs and results, by digest."""
        return self.storage / "objects"

    @property
    def patches(self) -> AnyPath:
        """Patch content, by digest."""
        return self.storage / "patches"

    @property
    def tables(self) -> AnyPath:
        """Managed tables."""
        return self.storage / "tables"

    @property
    def spans(self) -> Path:
        """The local span store."""
        return self.hidden / "spans.db"

    @property
    def states(self) -> Path:
        """What was measured on data files; a cache of this machine."""
        return self.hidden / "states"

    @property
    def checkpoints(self) -> Path:
        """Where an interrupted run finds its way back."""
        return self.hidden / "checkpoints.db"

    @property
    def work_lock(self) -> Path:
        """Held by the worker of this machine."""
        return self.hidden / "work.lock"

    def drill_key(self, *, make: bool = False) -> bytes:
        """The key that tells drills from proposals, from OSTLER_DRILL_KEY or this workspace's file.

        Empty when there is none, unless one is to be made.
        """
        from_environment = os.environ.get("OSTLER_DRILL_KEY", "")
        if from_environment:
            return from_environment.encode()
        path = self.hidden / "drill.key"
        if make and not path.exists():
            make_secret(path, secrets.token_hex(32).encode())
        return path.read_bytes().strip() if path.exists() else b""

    @property
    def policies(self) -> Path:
        """The site's policies."""
        return self.root / "policies"

    @property
    def contracts(self) -> Path:
        """The contracts, one file per dataset."""
        return self.root / "contracts"

    def contract(self, dataset: str) -> Path:
        """The contract file of a dataset, whether or not it exists."""
        return self.contracts / f"{dataset}.odcs.yaml"

    @property
    def roster(self) -> Path:
        """A readable copy of the roster in force; its signature lies beside it."""
        return self.root / "roster.json"

    @property
    def reviewer(self) -> str:
        """Who is at the keyboard."""
        return self.settings.reviewer or getpass.getuser()

    def roles(self, person: str) -> tuple[str, ...]:
        """The roles of a person."""
        return tuple(sorted(self.settings.people.get(person, ())))


def create_workspace(root: Path, storage: str = "", *, unsigned: bool = False) -> Workspace:
    """Make a workspace in a folder, its tables in `storage`; Conflict when there is one.

    With `unsigned` its votes need no signature, as in a trial.
    """
    refuse_ambiguous(root.resolve())
    if storage:
        _check_storage(storage)
    if (root / FILE).exists():
        raise Conflict(f"{root} is a workspace already", "see what it holds: ostler queue")
    try:
        root.mkdir(parents=True, exist_ok=True)
        # Data and votes are nobody else's business.
        make_folder(root / ".ostler")
        (root / ".ostler").chmod(0o700)
        make_folder(root / ".ostler" / "tables")
        for folder in (root / "policies", root / "contracts"):
            folder.mkdir(parents=True, exist_ok=True)
        write_whole(root / ".ostler" / ".gitignore", b"*\n")
        # Last, because it is what makes the folder a workspace.
        text = TEMPLATE.replace("{storage}", json.dumps(storage, ensure_ascii=False))
        if unsigned:
            text = text.replace("# unsigned_votes: true", "unsigned_votes: true", 1)
        (root / FILE).write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{root} cannot be written: {error.strerror}") from error
    return open_workspace(root)


def open_workspace(start: Path, *, search: bool = True) -> Workspace:
    """The workspace at a folder or, with `search`, at the nearest folder above it."""
    start = start.resolve()
    for folder in (start, *start.parents) if search else (start,):
        if (folder / FILE).exists():
            refuse_ambiguous(folder)
            settings = read_settings(folder / FILE)
            if settings.storage:
                _check_storage(settings.storage)
            return Workspace(folder, settings)
    raise NotFound(
        f"there is no workspace at {start}" + (" or above it" if search else ""),
        "make one with: ostler init",
    )


def _check_storage(storage: str) -> None:
    """BadInput for a storage that is refused: an address with a secret in it, a pattern."""
    if is_url(storage):
        checked_url(storage)
    refuse_ambiguous(storage)
