"""Ids of traces and spans that stay unique when somebody seeds Python's random numbers."""

import secrets

from opentelemetry.sdk.trace.id_generator import IdGenerator
from typing_extensions import override


class SystemIds(IdGenerator):
    """Draws ids from the operating system; zero, which means none, is left out."""

    @override
    def generate_span_id(self) -> int:
        return 1 + secrets.randbelow(2**64 - 1)

    @override
    def generate_trace_id(self) -> int:
        return 1 + secrets.randbelow(2**128 - 1)
