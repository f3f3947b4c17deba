"""The grooming graph and its agents: proposer, validator, prioritizer."""

import os

# Whatever the environment says: a trace for LangSmith would send what a run reads to a third party.
# All four, because the first of them that is set decides; before LangChain is imported, because it
# reads them once.
for _name in (
    "LANGSMITH_TRACING_V2",
    "LANGCHAIN_TRACING_V2",
    "LANGSMITH_TRACING",
    "LANGCHAIN_TRACING",
):
    os.environ[_name] = "false"
