"""A worker of a later release, in which every step of the execution has another name.

python upgraded_worker.py WORKSPACE
"""

import sys
from pathlib import Path
from typing import Any

from langgraph.graph import END, START, StateGraph

from ostler.cli.opening import Opened
from ostler.config.workspace import open_workspace
from ostler.execution import graph
from ostler.execution.worker import work_once, worker_lock


def renamed(step: str) -> str:
    return step if step in (START, END) else f"{step}-of-the-next-release"


class Renamed(StateGraph):  # type: ignore[type-arg]
    """The same flow under other names."""

    def add_node(self, name: str, node: Any) -> Any:
        return super().add_node(renamed(name), node)

    def add_edge(self, source: str, target: str) -> Any:
        return super().add_edge(renamed(source), renamed(target))

    def add_conditional_edges(self, source: str, path: Any, ways: list[str]) -> Any:
        return super().add_conditional_edges(
            renamed(source), path, {way: renamed(way) for way in ways}
        )


def main(root: Path) -> None:
    setattr(graph, "StateGraph", Renamed)  # noqa: B010
    parts = Opened(open_workspace(root, search=False))
    with worker_lock(parts.workspace.work_lock):
        for outcome in work_once(parts.execution):
            print(outcome.proposal.id, outcome.state.value)
    parts.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
