"""Repair: miners that propose typed actions, and the compiler that says what an action changes."""

from collections.abc import Callable

from ostler.core.proposals import Draft
from ostler.tables.view import View
from ostler.tools.repair.compile import compile_action
from ostler.tools.repair.dependencies import mine_dependencies
from ostler.tools.repair.duplicates import mine_duplicates
from ostler.tools.repair.formats import mine_formats
from ostler.tools.repair.missing import mine_missing
from ostler.tools.repair.spelling import mine_spelling
from ostler.tools.repair.units import mine_units

__all__ = ["MINERS", "compile_action"]

MINERS: dict[str, Callable[[View], tuple[Draft, ...]]] = {
    "missing": mine_missing,
    "formats": mine_formats,
    "units": mine_units,
    "dependencies": mine_dependencies,
    "spelling": mine_spelling,
    "duplicates": mine_duplicates,
}
"""Every miner by its name, in the order in which they run."""
