"""What the graphs' libraries may do is set before they are imported, and only where they are.

Not in the package itself: pytest loads a plugin of ours into everybody's tests, and what others
trace there is their own matter.
"""

import os

_TRACING = (
    "LANGSMITH_TRACING_V2",
    "LANGCHAIN_TRACING_V2",
    "LANGSMITH_TRACING",
    "LANGCHAIN_TRACING",
)
"""All four, because the first of them that is set decides."""


def keep_graphs_in() -> None:
    """Whatever the environment says: no trace to a third party, no code out of a checkpoint.

    A trace for LangSmith would send what a graph reads; without strict unpacking a poisoned
    checkpoint row runs code. Both are read once, at the import of LangChain and LangGraph.
    """
    os.environ["LANGGRAPH_STRICT_MSGPACK"] = "true"
    for name in _TRACING:
        os.environ[name] = "false"
