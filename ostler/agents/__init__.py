"""The grooming graph and its agents: proposer, validator, prioritizer."""

from ostler.core.egress import keep_graphs_in

keep_graphs_in()
