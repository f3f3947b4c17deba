"""A bare file, measured for a gate: without a workspace, and so without what only that needs."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

from ostler.core.errors import BadInput
from ostler.tables.file_view import file_view
from ostler.tools.contracts.contract import Contract
from ostler.tools.contracts.parse import parse_contract
from ostler.tools.quality.measure import measure
from ostler.triggers.gates.measured import SAMPLE, Measured


def measure_file(
    data: Path,
    contract: Path,
    others: Mapping[str, Path],
    *,
    encoding: str = "utf-8",
    now: datetime,
    parsed: Callable[[str], None] = lambda _: None,
) -> Measured:
    """A bare file by a contract file; nothing is imported, nothing written.

    `others` are the files that foreign keys look into, by the name of their dataset. BadInput for a
    contract or a file that cannot be read.
    """
    checks = read_contract(contract, data.name.partition(".")[0]).checks
    parsed(f"{len(checks)} checks")
    with ExitStack() as files:
        view = files.enter_context(file_view(data, encoding=encoding))
        beside = {
            name: files.enter_context(file_view(path, encoding=encoding))
            for name, path in sorted(others.items())
        }
        results = measure(view, checks, now=now, others=beside, sample=SAMPLE)
        return Measured(str(data), None, view.row_count, results)


def read_contract(path: Path, dataset: str) -> Contract:
    """A contract file; `dataset` says which of its tables is meant (BadInput)."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BadInput(
            f"{path}: there is no such file", "name the contract: --contract FILE"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read: {error}") from error
    return parse_contract(text, dataset=dataset, source=str(path))
