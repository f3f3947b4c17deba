"""What came of everything that was broken, scenario by scenario."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import timedelta

from workbench import Workbench

from ostler.cli.opening import now
from ostler.core.proposals import Proposal
from ostler.core.states import ProposalState

S = ProposalState
COLUMNS = ("runs", "kills", "applied once", "not applied", "doubled", "lost", "orphan files")
NOT_APPLIED = (S.REVOKED, S.ABORTED, S.STALE, S.FAILED, S.DENIED, S.EXPIRED, S.REJECTED)


@dataclass
class Tally:
    """Counts by scenario; it also holds them to the promise."""

    rows: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def count(self, scenario: str, bench: Workbench, *made: Proposal, kills: int = 0) -> None:
        """Each proposal is in the table once and published, or not in it and reported so."""
        seen: Counter[str] = Counter(runs=1, kills=kills)
        for proposal in made:
            seen[outcome(bench, proposal)] += 1
        seen["orphan files"] = len(bench.loose_files())
        self.rows[scenario].update(seen)
        assert seen["doubled"] == seen["lost"] == 0, (scenario, seen)
        assert bench.faults() == (), scenario
        bench.gc(at=now() + timedelta(days=1))
        assert bench.loose_files() == [], scenario
        assert bench.faults() == (), scenario

    def lines(self) -> list[str]:
        """The table, with a line for the whole."""
        whole: Counter[str] = sum(self.rows.values(), Counter())
        width = max(map(len, ("scenario", *self.rows)), default=8)
        rows = [*self.rows.items(), ("all", whole)]
        return [
            "  ".join([f"{'scenario':<{width}}", *COLUMNS]),
            *(
                "  ".join([f"{name:<{width}}", *(f"{row[c]:>{len(c)}}" for c in COLUMNS)])
                for name, row in rows
            ),
        ]


def outcome(bench: Workbench, proposal: Proposal) -> str:
    """What came of one proposal."""
    commits, state = bench.commits(proposal), bench.state(proposal)
    undone = any(f"undo/{proposal.id}" in c.proposals for c in bench.table.history())
    if commits > 1:
        return "doubled"
    if commits == 1 and state is S.PUBLISHED:
        return "applied once"
    if state in NOT_APPLIED and (commits == 0 or undone):
        return "not applied"
    return "lost"
