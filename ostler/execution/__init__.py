"""The execution graph and the worker: what was approved, and nothing else. No model here."""

from ostler.core.egress import keep_graphs_in

keep_graphs_in()
