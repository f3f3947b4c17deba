"""Alembic's entry: runs the migrations on the connection that `ostler.store.migrate` hands over.

The transaction is the caller's, so a migration that fails or is killed leaves nothing behind.
"""

from alembic import context

from ostler.store.models import Stored

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Stored.metadata,
    render_as_batch=True,
)
context.run_migrations()
