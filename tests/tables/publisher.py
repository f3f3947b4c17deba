"""A process that publishes proposals on a table, as often as it is told and whoever else does."""

import sys

import pyarrow as pa

from ostler.tables.delta import VersionedTable
from ostler.tables.patches import CHANGES, make
from ostler.tables.preparing import prepare
from ostler.tables.publishing import Moved, publish
from ostler.tables.stage import open_stage


def once(table: VersionedTable, number: int) -> bool:
    """Publish proposal `number`, which counts up row `number`; False when it is there already."""
    while True:
        stage = open_stage(table)
        if stage.standing(f"P-{number}"):
            return False
        view = stage.base
        [(old,)] = view.query(f"SELECT n FROM {view.source} WHERE id = ?", [number])
        change = {"op": "set", "row": str(number), "column": "n"}
        changes = pa.Table.from_pylist([{**change, "old": str(old), "new": str(old + 1)}], CHANGES)
        patch = make(changes, view.columns)
        stage = stage.with_patch(patch)
        try:
            publish(
                stage,
                prepare(stage),
                proposals=[f"P-{number}"],
                patches=[patch.digest],
                approvers=["ana"],
                trace="",
            )
        except Moved:
            continue
        return True


if __name__ == "__main__":
    uri, first, proposals = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    numbers = [(first + i) % proposals for i in range(proposals)]
    applied = [n for n in numbers if once(VersionedTable(uri, ("id",)), n)]
    sys.stdout.write(" ".join(map(str, applied)))
