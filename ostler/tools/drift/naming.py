"""How people and rules name what drift is measured against; costs nothing to import."""

import re

from pydantic import TypeAdapter, ValidationError

from ostler.core.checks import OtherReference
from ostler.core.errors import BadInput

_OTHER: TypeAdapter[str] = TypeAdapter(OtherReference)


def parse_reference(text: str) -> int | str:
    """`@3`, `last:5`, `profile:january` or just `january`, as a rule has it; BadInput otherwise."""
    if re.fullmatch(r"@[0-9]{1,18}", text):
        return int(text[1:])
    for written in (text, f"profile:{text}"):
        try:
            return _OTHER.validate_python(written)
        except ValidationError:
            continue
    raise BadInput(
        f"{text!r} is nothing to compare with",
        "a version: @3; the last versions together: last:5; or the name of a stored profile",
    )


def neighbour_key(reference: int | str) -> str:
    """The name under which a reference stands among the neighbours: `@3`, `last:5`."""
    return f"@{reference}" if isinstance(reference, int) else reference
