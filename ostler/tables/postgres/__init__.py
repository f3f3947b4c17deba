"""PostgreSQL tables in place: read into a mirror that has versions, patched in one transaction."""
