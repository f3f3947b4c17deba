"""What the graphs' libraries may do is set before they are imported, and only where they are.

Not in the package itself: pytest loads a plugin of ours into everybody's tests, and what others
trace there is their own matter.
"""

import os
import sys

from ostler.core.errors import BadInput

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
    if _UNPACKING in sys.modules:
        refuse_loose_unpacking()
    for name in _TRACING:
        os.environ[name] = "false"


_UNPACKING = "langgraph.checkpoint.serde._msgpack"


def refuse_loose_unpacking() -> None:
    """BadInput when LangGraph, which has been imported, would run code that a checkpoint names.

    That is so when another program imported it before us and had not asked for strict unpacking;
    and it would be so if a release of it read the setting from elsewhere.
    """
    if getattr(sys.modules.get(_UNPACKING), "STRICT_MSGPACK_ENABLED", False) is not True:
        raise BadInput(
            "LangGraph was loaded without strict unpacking, so a poisoned row could run code",
            "set LANGGRAPH_STRICT_MSGPACK=true before anything imports langgraph",
        )
