"""Checks compiled from contracts and measured in as few scans as possible."""
