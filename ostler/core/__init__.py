"""The vocabulary: frozen types, errors, canonical JSON and digests. Pure; no I/O."""
