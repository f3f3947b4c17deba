"""A real workspace with one small table, and the short ways to propose, approve and look."""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import cast

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, write_deltalake

from ostler.agents.items import item_of
from ostler.cli.add import take
from ostler.cli.opening import Opened, now
from ostler.config.workspace import create_workspace
from ostler.core.actions import SetCells
from ostler.core.checks import Check, CheckResult, NotNull, Unique
from ostler.core.datasets import ROW_ID, Dataset
from ostler.core.items import Criterion, Finding
from ostler.core.moments import Moment
from ostler.core.proposals import Draft, DryRun, Evidence, Proposal, Rank, proposal_id
from ostler.core.rollout import Rollout
from ostler.core.states import ItemState, ProposalState
from ostler.execution.compacting import compact_announced
from ostler.execution.context import ExecutionContext
from ostler.policies.judgement import judge
from ostler.policies.policyset import default_site
from ostler.policies.requests import CheckCounts, Principal, change_request
from ostler.replay.collecting import Found, Premises, look, remove
from ostler.replay.verification import Fault, verify_workspace
from ostler.storage.paths import path_of
from ostler.store import executions, items, proposals
from ostler.store.transitions import state_of
from ostler.tables.compacting import Compacted
from ostler.tables.delta import VersionedTable, table_of
from ostler.tables.patches import CHANGES, Patch, make
from ostler.tables.staging import apply, digest_of_view
from ostler.telemetry.setup import NO_TELEMETRY, Attributes, Kind, Span, Telemetry

PEOPLE = """\
name,city,mail
Ana,Lisbon,ana@example.org
Ben,Lisbxn,ben@example.org
Cid,N/A,cid@example.org
Dan,Oslo,dan@example.org
Eva,Oslo,eva@example.org
"""

PRESENT = Criterion(check=Check(rule=NotNull(column="name")), max_failing=0)
"""A criterion that every row of the table meets."""

ONE_MAIL_EACH = Criterion(check=Check(rule=Unique(on=("mail",))), max_failing=0)

CellChange = tuple[str, str, str | None, str | None]
"""Row, column, old value, new value."""

UNEXPLAINED = "no entry of the log explains it"

PAST_OSTLER = CommitProperties(custom_metadata={"by": "outsider"})
"""What the bench says in each commit that it makes as a program which knows nothing of Ostler."""

Hook = Callable[[], object]


def nothing() -> None:
    """What happens at a moment to which nobody listens."""


@dataclass(frozen=True)
class Hooked(Telemetry):
    """Telemetry that calls something when a span is entered or left."""

    entered: Mapping[str, Hook] = field(default_factory=dict[str, Hook])
    left: Mapping[str, Hook] = field(default_factory=dict[str, Hook])

    @contextmanager
    def span(
        self,
        name: str,
        kind: Kind = "internal",
        attributes: Attributes | None = None,
        links: tuple[str, ...] = (),
        parent: str = "",
    ) -> Generator[Span, None, None]:
        """A span; the hooks are called just before and just after what it is around."""
        self.entered.get(name, nothing)()
        with super().span(name, kind, attributes, links, parent) as span:
            yield span
        self.left.get(name, nothing)()


def hooked(context: ExecutionContext, **entered: Hook) -> ExecutionContext:
    """The context with something that happens when a step begins: `commit=lambda: ...`."""
    spans = {f"groom.execute {step}": hook for step, hook in entered.items()}
    return replace(context, telemetry=Hooked(NO_TELEMETRY.tracer, (), spans))


def interrupted(span: str) -> Telemetry:
    """Telemetry that ends the process's work, as ctrl-c does, when a span is entered."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    return Hooked(NO_TELEMETRY.tracer, (), {span: interrupt})


@dataclass(frozen=True)
class Workbench:
    """A workspace and its dataset `people`."""

    parts: Opened

    @property
    def context(self) -> ExecutionContext:
        return self.parts.execution

    @property
    def dataset(self) -> Dataset:
        return self.parts.dataset("people")

    @property
    def table(self) -> VersionedTable:
        return table_of(self.dataset)

    @property
    def digest(self) -> str:
        """Of the table's content as it is now."""
        return digest_of_view(self.table.view())

    def copy(self, name: str) -> Dataset:
        """A second dataset with the same content and the same key."""
        file = self.parts.workspace.root / "people.csv"
        take(self.parts, file, name, owner="ana")
        return self.parts.dataset(name)

    def digest_of(self, dataset: Dataset) -> str:
        """Of another table's content."""
        return digest_of_view(table_of(dataset).view())

    def digest_with(self, *made: Proposal) -> str:
        """What the table's content would be with these patches on what it is now."""
        view = self.table.view()
        for proposal in made:
            view = apply(self.parts.patches.get(proposal.patch.digest), view)
        return digest_of_view(view)

    def column(self, name: str) -> list[str | None]:
        """The values of a column, by row."""
        view = self.table.view()
        rows = view.query(f"SELECT {name} FROM {view.source} ORDER BY {ROW_ID}")
        return [cast("str | None", value) for (value,) in rows]

    def patch(self, *cells: CellChange) -> Patch:
        """The patch that sets these cells, kept where patches are kept."""
        rows = [dict(zip(CHANGES.names, ("set", *cell), strict=True)) for cell in cells]
        patch = make(pa.Table.from_pylist(rows, schema=CHANGES), self.table.view().columns)
        self.parts.patches.put(patch)
        return patch

    def park(
        self,
        *cells: CellChange,
        criterion: Criterion = PRESENT,
        expires_at: datetime | None = None,
        rollout: Rollout | None = None,
    ) -> Proposal:
        """Judge and park a proposal that sets cells."""
        view, patch = self.table.view(), self.patch(*cells)
        action = SetCells(cells=tuple((row, column, new) for row, column, _, new in cells))
        summary = patch.summary(view.version)
        verdict = judge(
            self.parts.policies,
            change_request(
                proposer=Principal(kind="agent", name="proposer"),
                dataset=self.dataset,
                action=action,
                patch=summary,
                total_rows=view.row_count,
                confidence=0.9,
                checks=CheckCounts(unchanged=1),
                promises=None,
                moment=Moment(),
            ),
        )
        result = CheckResult(
            check=criterion.check, failing=1, total=5, observed="1 of 5", passed=False
        )
        finding = Finding(dataset="people", version=view.version, result=result, source="contract")
        item = item_of(self.dataset, finding)
        proposal = Proposal(
            id=proposal_id("people", action, patch.digest),
            dataset="people",
            item=item.id,
            run="R-1",
            proposer="proposer",
            draft=Draft(
                action=action,
                rule=criterion.check.rule,
                evidence=Evidence(confidence=0.9, summary="The other rows say so."),
                tool="repair.dependencies 1",
            ),
            sentence="Set a few cells",
            patch=summary,
            dry_run=DryRun(version=view.version, effects=(), sample=patch.page(20)),
            acceptance=(criterion,),
            rank=Rank(score=0.5, parts=()),
            verdict=verdict,
            trace="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            expires_at=expires_at,
            rollout=rollout,
        )
        with self.parts.store.transaction() as session:
            items.upsert_item(session, item, actor="groomer", at=now())
            proposals.park(session, proposal, ProposalState.PARKED, at=now(), actor="groomer")
        return proposal

    def vote(self, proposal: Proposal, decision: str = "approve", who: str = "ana") -> None:
        """A person's vote on exactly what is parked."""
        desk = replace(self.parts.desk, reviewer=who)
        card = desk.card(proposal.id)
        if decision == "approve":
            desk.approve(card)
        else:
            desk.reject(card, "it is wrong")

    def approved(
        self,
        *cells: CellChange,
        criterion: Criterion = PRESENT,
        expires_at: datetime | None = None,
        rollout: Rollout | None = None,
    ) -> Proposal:
        """Park a proposal and approve it."""
        proposal = self.park(*cells, criterion=criterion, expires_at=expires_at, rollout=rollout)
        self.vote(proposal)
        return proposal

    def state(self, proposal: Proposal) -> ProposalState:
        with self.parts.store.reading() as session:
            return state_of(session, proposal.id)

    def reason(self, proposal: Proposal) -> str:
        with self.parts.store.reading() as session:
            return proposals.get_proposal(session, proposal.id).reason

    def item_state(self, proposal: Proposal) -> ItemState:
        with self.parts.store.reading() as session:
            return items.get_item(session, proposal.item).state

    def executions(self, proposal: Proposal) -> tuple[executions.Execution, ...]:
        with self.parts.store.reading() as session:
            return executions.executions_of(session, proposal.id)

    def commits(self, proposal: Proposal) -> int:
        """How many versions of the table carry a proposal."""
        return sum(proposal.id in commit.proposals for commit in self.table.history())

    def compact(self, dataset: Dataset | None = None) -> Compacted:
        """What `ostler compact` does."""
        chosen = dataset or self.dataset
        return compact_announced(self.parts.store, chosen, actor="ana", clock=now)

    def past_ostler(self) -> frozenset[str]:
        """The versions that the bench itself wrote as somebody who knows nothing of Ostler."""
        return frozenset(
            f"{dataset.name}@{commit['version']}"
            for dataset in self.parts.datasets()
            if dataset.managed
            for commit in table_of(dataset).handle().history()
            if commit.get("by") == "outsider"
        )

    def faults(self) -> tuple[str, ...]:
        """What `ostler audit verify` names, but for what the bench itself wrote past Ostler.

        That has to be named: a commit of the bench's that nobody missed is a fault here.
        """
        found = verify_workspace(
            self.parts.store, self.parts.objects, self.parts.patches, self.parts.datasets()
        )
        return self.unexpected(found)

    def unexpected(self, found: Sequence[Fault]) -> tuple[str, ...]:
        """Faults other than those of the bench's own commits, and those that are missing."""
        wanted = self.past_ostler()
        named = {one.subject for one in found if one.message.startswith(UNEXPLAINED)}
        return (
            *(
                f"{one.subject}: {one.message}"
                for one in found
                if not (one.subject in wanted and one.message.startswith(UNEXPLAINED))
            ),
            *(f"{one}: nobody has named it" for one in sorted(wanted - named)),
        )

    def gc(self, keep_days: int = 0, at: datetime | None = None) -> Found:
        """What `ostler gc` does, now or when it will be `at`."""
        parts, at = self.parts, at or now()
        premises = Premises(
            store=parts.store,
            objects=parts.objects,
            patches=parts.patches,
            tables=path_of(parts.workspace.tables),
            datasets=parts.datasets(),
            holder=self.context.owner.partition(":")[0],
        )
        found = look(premises, keep_days, at)
        remove(premises, found, keep_days, at, "ana")
        return found

    def loose_files(self) -> list[str]:
        """Data files that no version of the table knows."""
        table = self.table
        known = {
            Path(uri).name for v in range(table.version + 1) for uri in table.handle(v).file_uris()
        }
        return sorted(p.name for p in Path(table.uri).glob("*.parquet") if p.name not in known)


def build(folder: Path) -> Workbench:
    """A workspace in a folder, with the table under care."""
    workspace = create_workspace(folder)
    for name, text in default_site().items():
        (workspace.policies / name).write_text(text, encoding="utf-8")
    parts = Opened(workspace)
    file = folder / "people.csv"
    file.write_text(PEOPLE, encoding="utf-8")
    take(parts, file, "people", owner="ana")
    return Workbench(parts)


def outsider_adds(table: VersionedTable, *people: tuple[str, str, str]) -> None:
    """Somebody who knows nothing of Ostler appends rows: name, city, mail."""
    view = table.view()
    content = view.arrow(f"SELECT * FROM {view.source} ORDER BY {ROW_ID}")
    last = content.column(ROW_ID)[-1].as_py()
    rows = [
        {ROW_ID: row, "name": name, "city": city, "mail": mail}
        for row, (name, city, mail) in enumerate(people, last + 1)
    ]
    more = pa.Table.from_pylist(rows, content.schema)
    write_deltalake(table.uri, more, mode="append", commit_properties=PAST_OSTLER)


def outsider_sets(table: VersionedTable, row: str, column: str, value: str | None) -> None:
    """Somebody who knows nothing of Ostler rewrites a cell, and the file that it stands in."""
    text = "NULL" if value is None else "'" + value.replace("'", "''") + "'"
    DeltaTable(table.uri).update(
        {column: text}, predicate=f"{ROW_ID} = {int(row)}", commit_properties=PAST_OSTLER
    )


def outsider_compacts(table: VersionedTable) -> None:
    """Somebody who knows nothing of Ostler puts files together."""
    DeltaTable(table.uri).optimize.compact(commit_properties=PAST_OSTLER)
