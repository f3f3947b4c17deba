"""Names that people type."""

import re

from ostler.core.errors import BadInput


def dataset_at(text: str) -> tuple[str, int | None]:
    """`people` or `people@3` as a name and a version."""
    match = re.fullmatch(r"([^@]+)(?:@(\d+))?", text)
    if match is None:
        raise BadInput(
            f"{text!r} names no dataset", "write people, or people@3 for one of its versions"
        )
    return match[1], int(match[2]) if match[2] else None
