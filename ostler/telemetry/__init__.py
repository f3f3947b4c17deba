"""OpenTelemetry: one trace a run, kept in a local span store and sent on when asked."""
