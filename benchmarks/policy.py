"""Stored requests, backtested against another policy set: `python benchmarks/policy.py [COUNT]`.

The requests are real ones: made by `change_request`, judged, and parked through the store with
their audit leaves, in a database that is removed afterwards.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from ostler.core.actions import DeleteDuplicates, Reformat, Replacement, ReplaceValues
from ostler.core.canonical import digest_bytes
from ostler.core.checks import NotNull
from ostler.core.datasets import Dataset
from ostler.core.moments import Moment
from ostler.core.promises import Promises
from ostler.core.proposals import Draft, DryRun, Evidence, PatchSummary, Proposal, Rank, proposal_id
from ostler.core.states import ProposalState
from ostler.policies.backtest import backtest
from ostler.policies.judgement import judge, judge_many
from ostler.policies.policyset import default_site, load_policies
from ostler.policies.requests import CheckCounts, Principal, change_request, question_of
from ostler.policies.shipped import packs
from ostler.store.engine import Store, open_store
from ostler.store.proposals import park
from ostler.store.verdicts import judged

COUNT, BATCH, SINGLY = 100_000, 2_000, 2_000
AT = datetime(2026, 11, 2, 9, tzinfo=UTC)
AGENT = Principal(kind="agent", name="proposer")
ACTIONS = (
    (Reformat(column="name", form="trim"), ("name",)),
    (ReplaceValues(column="mail", mapping=(Replacement(old="n/a", new=None),)), ("mail",)),
    (DeleteDuplicates(on=("id",)), ()),
)
OLD = load_policies(default_site())
NEW = load_policies({**default_site(), **{pack.file: pack.text for pack in packs()}})


def drafts(count: int) -> Iterator[Proposal]:
    """Proposals over fifty datasets that differ in what policies ask about; not judged yet."""
    chance = Random(6)
    for number in range(count):
        action, columns = ACTIONS[number % len(ACTIONS)]
        dataset = Dataset(name=f"d{number % 50}", owner="ana", uri="u", value=1 + number % 5)
        rows = chance.randint(1, 500)
        patch = PatchSummary(
            digest=digest_bytes(str(number).encode()),
            base_version=number,
            cells=rows if columns else 0,
            rows=rows,
            inserted=0,
            deleted=0 if columns else rows,
            columns=columns,
        )
        request = change_request(
            proposer=AGENT,
            dataset=dataset,
            action=action,
            patch=patch,
            total_rows=chance.randint(1_000, 100_000),
            confidence=0.9,
            checks=CheckCounts(improved=1, unchanged=4),
            promises=Promises(version="1.0.0", classes={"mail": "pii"}, keys=("id",)),
            moment=Moment(
                hour=9, weekday=1, rows_changed_today=chance.randrange(400), daily_rows=500
            ),
        )
        yield Proposal(
            id=proposal_id(dataset.name, action, patch.digest),
            dataset=dataset.name,
            item="I-1",
            run="R-1",
            proposer=AGENT.name,
            draft=Draft(
                action=action,
                rule=NotNull(column="id"),
                evidence=Evidence(confidence=0.9, summary="The other rows say so."),
                tool="benchmark/1",
            ),
            sentence="Mend some rows",
            patch=patch,
            dry_run=DryRun(version=number, effects=(), sample=()),
            acceptance=(),
            rank=Rank(score=number % 1000 / 1000, parts=()),
            verdict=judge_many(OLD, [request])[0],
        )


def stored(store: Store, count: int) -> None:
    """Park them, some thousands to a transaction."""
    waiting = drafts(count)
    for _ in range(0, count, BATCH):
        with store.transaction() as session:
            for proposal in (one for _, one in zip(range(BATCH), waiting, strict=False)):
                park(session, proposal, ProposalState.PARKED, at=AT, actor="benchmark")


def main() -> None:
    """Store, backtest, judge one by one; print a table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    with tempfile.TemporaryDirectory(prefix="ostler-policy-") as folder:
        store = open_store(f"sqlite:///{folder}/state.db", Path(folder) / "heads.log")
        stored(store, count)
        begun, cpu = time.perf_counter(), time.process_time()
        with store.reading() as session:
            found = backtest(NEW, judged(session))
        seconds, used = time.perf_counter() - begun, time.process_time() - cpu
        with store.reading() as session:
            some = [question_of(one.verdict) for one, _ in zip(judged(session), range(SINGLY))]  # noqa: B905
        begun = time.process_time()
        for change in some:
            judge(NEW, change)
        each = (time.process_time() - begun) / len(some)
        store.close()
    print("| | requests | seconds | CPU s | requests/s |\n| --- | ---: | ---: | ---: | ---: |")
    print(f"| backtest | {count:,} | {seconds:.1f} | {used:.1f} | {count / seconds:,.0f} |")
    print(f"| one verdict | 1 | | {each:.5f} | {1 / each:,.0f} |")
    print(f"\n{found.flipped:,} of {found.changes:,} flip, in {len(found.flips)} groups.")


if __name__ == "__main__":
    main()
