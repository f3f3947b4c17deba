"""How a version differs in distribution from a reference version."""
