"""The execution graph and the worker: what was approved, and nothing else. No model here."""
