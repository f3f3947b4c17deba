"""What happened is told outside: at least once, in its own time, never in the way of the work."""
