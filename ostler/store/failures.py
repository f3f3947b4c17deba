"""What the database driver's errors mean to the person at the keyboard."""

from collections.abc import Callable

from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext

from ostler.core.errors import UserError

Meaning = tuple[type[UserError], str, str]
"""The error, its sentence and its hint. In the sentence, `{where}` is the database's address and
`{reason}` what the driver said."""


def explain(engine: Engine, where: str, meaning: Callable[[BaseException], Meaning | None]) -> None:
    """Let the engine raise the error tree instead of the driver's errors; bugs stay as they are."""

    def handle(context: ExceptionContext) -> None:
        # A connection that has died in the pool is replaced, not reported.
        if context.is_pre_ping:
            return
        original = context.original_exception
        found = meaning(original)
        if found is not None:
            kind, sentence, hint = found
            raise kind(sentence.format(where=where, reason=_one_line(original)), hint) from original

    event.listen(engine, "handle_error", handle)


def _one_line(error: BaseException) -> str:
    words = " ".join(str(error).split())
    return "".join(character for character in words if character.isprintable())
