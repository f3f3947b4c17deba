"""What need not be loaded: pandas.

Where it is installed, DuckDB and pyarrow load it to ask whether an Arrow table is a frame of its:
half a second of every command, for nothing.
"""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from typing_extensions import override


class _Absent(MetaPathFinder):
    @override
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname == "pandas":
            raise ModuleNotFoundError("pandas is left out of Ostler's own process", name=fullname)
        return None


def leave_pandas_out() -> None:
    """From now on pandas cannot be imported; for a process that is ours alone."""
    sys.meta_path.insert(0, _Absent())


def let_pandas_in() -> None:
    """What needs it may import it again."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _Absent)]
