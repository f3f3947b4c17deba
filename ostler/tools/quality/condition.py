"""SQL expressions together with the values that they bind."""

from dataclasses import dataclass

from ostler.tables.view import Parameter


@dataclass(frozen=True)
class Condition:
    """An SQL expression over the rows of one view, and the values it binds, in order."""

    sql: str
    parameters: tuple[Parameter, ...] = ()
