"""A hundred thousand stored requests, backtested: `python benchmarks/policy.py [COUNT]`.

The requests are real ones: made by `change_request`, judged, and parked through the store with
their audit leaves, in a workspace of their own that is removed afterwards.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

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
from ostler.policies.requests import ChangeRequest, CheckCounts, Principal, change_request
from ostler.policies.shipped import packs
from ostler.store.engine import Store, open_store
from ostler.store.migrate import migrate
from ostler.store.proposals import park
from ostler.store.verdicts import judged

AT = datetime(2026, 11, 2, 9, tzinfo=UTC)
AGENT = Principal(kind="agent", name="proposer")
PROMISES = Promises(version="1.0.0", classes={"mail": "pii"}, keys=("id",))
ACTIONS = (
    Reformat(column="name", form="trim"),
    ReplaceValues(column="mail", mapping=(Replacement(old="n/a", new=None),)),
    DeleteDuplicates(on=("id",)),
)
BATCH = 1_000


def changes(count: int) -> Iterator[tuple[Dataset, PatchSummary, int, ChangeRequest]]:
    """Requests of some fifty datasets that differ in what policies ask about."""
    for number in range(count):
        dataset = Dataset(name=f"d{number % 50}", owner="ana", uri="u", value=1 + number % 5)
        action = ACTIONS[number % 3]
        rows = 1 + number * 7919 % 500
        patch = PatchSummary(
            digest=digest_bytes(str(number).encode()),
            base_version=number,
            cells=rows,
            rows=rows,
            inserted=0,
            deleted=rows if number % 3 == 2 else 0,  # noqa: PLR2004
            columns=() if number % 3 == 2 else (action.column,),  # type: ignore[union-attr]  # noqa: PLR2004
        )
        request = change_request(
            proposer=AGENT,
            dataset=dataset,
            action=action,
            patch=patch,
            total_rows=20_000,
            confidence=0.9,
            checks=CheckCounts(1, 4, 0),
            promises=PROMISES,
            moment=Moment(hour=9, weekday=1, rows_changed_today=number % 300, daily_rows=500),
        )
        yield dataset, patch, number % 3, request
