"""Reads a checkpoint row that names a program to run: `python poisoned.py FILE [ours]`.

With `ours` Ostler is imported first, as every command of it does before it imports LangGraph.
Prints what stands in the place of the call: what it gave, or else its argument.
"""

import importlib
import logging
import sys

if sys.argv[2:]:
    importlib.import_module("ostler.agents")

import ormsgpack
from langgraph.checkpoint.base import empty_checkpoint
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.serde.jsonplus import EXT_CONSTRUCTOR_SINGLE_ARG

logging.basicConfig()
config = {"configurable": {"thread_id": "1", "checkpoint_ns": ""}}
saver = InMemorySaver()
checkpoint = {**empty_checkpoint(), "channel_versions": {"seen": "1"}}
kept = saver.put(config, checkpoint, {}, {})
named = ormsgpack.packb(("os", "system", f"touch {sys.argv[1]}"))
# What somebody with access to the rows would write there.
poison = ormsgpack.packb(ormsgpack.Ext(EXT_CONSTRUCTOR_SINGLE_ARG, named))
saver.blobs[("1", "", "seen", "1")] = ("msgpack", poison)
read = saver.get_tuple(kept)
assert read is not None
print(repr(read.checkpoint["channel_values"]["seen"]))
