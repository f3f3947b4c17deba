"""Versioned tables, and patches on them."""
