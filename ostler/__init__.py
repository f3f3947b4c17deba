"""Ostler: pull requests for data."""

import os

__version__ = "0.1.0"

# Read once, at LangGraph's import: without it a poisoned checkpoint row runs code.
os.environ["LANGGRAPH_STRICT_MSGPACK"] = "true"

# Whatever the environment says: a trace for LangSmith would send what a graph reads to a third
# party, and both graphs would. All four, because the first of them that is set decides; before
# LangChain is imported, because it reads them once.
for _name in (
    "LANGSMITH_TRACING_V2",
    "LANGCHAIN_TRACING_V2",
    "LANGSMITH_TRACING",
    "LANGCHAIN_TRACING",
):
    os.environ[_name] = "false"
