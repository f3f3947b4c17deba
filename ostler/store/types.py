"""The columns' types: no text sorts, and no number ends, elsewhere in PostgreSQL than in SQLite."""

from sqlalchemy import BigInteger, Integer, String

TEXT = String().with_variant(String(collation="C"), "postgresql")
"""Compared by code point, whatever the language of the database."""

WHOLE = BigInteger().with_variant(Integer(), "sqlite")
"""64 bits."""
