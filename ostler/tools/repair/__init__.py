"""Repair: what may be mended in a table, as cards, and the exact patch that an action makes of it.

`mining.mine` looks for cells by the principles in `miners`, `duplicates` for rows that repeat
others, `recipe.follow` does again what was done before, and `compile_action` says what an action
changes.
"""

from ostler.tools.repair.compile import compile_action

__all__ = ["compile_action"]
