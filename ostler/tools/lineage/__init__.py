"""Lineage: what an execution says of itself in OpenLineage, and what others' events say."""
