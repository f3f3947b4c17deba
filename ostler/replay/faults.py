"""What does not hold, and what reading it may raise."""

from typing import NamedTuple

from deltalake.exceptions import DeltaError

from ostler.core.errors import OstlerError


class Fault(NamedTuple):
    """Something that does not hold: what kind of thing, which one, and why."""

    kind: str
    subject: str
    message: str


UNREADABLE = (OstlerError, DeltaError, ValueError)
"""What reading something that was edited may raise."""
