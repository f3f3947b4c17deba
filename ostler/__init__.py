"""Ostler: pull requests for data."""

import os

__version__ = "0.1.0"

# Read once, at LangGraph's import: without it a poisoned checkpoint row runs code.
os.environ["LANGGRAPH_STRICT_MSGPACK"] = "true"
