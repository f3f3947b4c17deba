"""The packs that ship with Ostler: policies to start from, each about one matter."""

import cedarpy

from ostler.core.base import Frozen
from ostler.core.errors import NotFound
from ostler.policies.policyset import shipped

_NAMES = ("auto", "budget", "deletes", "freeze", "large", "pii")


class Pack(Frozen):
    """A file of rules that a workspace can copy."""

    name: str
    about: str
    """The first line of its comment."""
    asks: tuple[str, ...]
    """The reason of each of its rules."""
    text: str

    @property
    def file(self) -> str:
        """What it is called in a workspace."""
        return f"{self.name}.cedar"


def packs() -> tuple[Pack, ...]:
    """All of them, by name."""
    return tuple(_pack(name) for name in _NAMES)


def pack_of(name: str) -> Pack:
    """A pack by its name (NotFound)."""
    if name not in _NAMES:
        raise NotFound(f"there is no pack {name!r}", f"there are: {', '.join(_NAMES)}")
    return _pack(name)


def _pack(name: str) -> Pack:
    text = shipped(f"packs/{name}.cedar")
    rules = cedarpy.policies_to_pst(text).static_policies
    return Pack(
        name=name,
        about=text.partition("\n")[0].removeprefix("// "),
        asks=tuple(rules[key].annotations["reason"] for key in sorted(rules)),
        text=text,
    )
