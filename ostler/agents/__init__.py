"""The grooming graph and its agents: proposer, validator, prioritizer."""
