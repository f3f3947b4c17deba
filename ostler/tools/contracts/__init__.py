"""Contracts in the Open Data Contract Standard: read, checked, inferred."""
