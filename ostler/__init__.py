"""Ostler: pull requests for data."""

__version__ = "0.1.0"
