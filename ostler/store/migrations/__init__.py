"""Alembic migrations, run by `ostler.store.migrate`; forward only."""
