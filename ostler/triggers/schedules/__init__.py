"""Schedules: what is done at certain times, or for each new version of a table."""
