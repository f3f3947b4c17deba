"""The pre-commit hook: gates the data files that a commit changes, or whose contract it changes.

Called with the names of changed files. A file without a contract is left alone, because a
repository holds other data files, too.
"""

import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from ostler.core.errors import OstlerError
from ostler.triggers.gates.pairing import CONTRACTS, find_contract, find_data


def main() -> int:
    """Gate the files on the command line: 0 all passed, 1 one failed, 2 one cannot be read."""
    worst = 0
    for data, contract in _pairs(map(Path, sys.argv[1:])):
        worst = max(worst, _gate(data, contract))
    return worst


def _pairs(changed: Iterable[Path]) -> list[tuple[Path, Path]]:
    """Each data file that is concerned, with its contract, once."""
    found: dict[Path, tuple[Path, Path]] = {}
    for path in changed:
        is_contract = path.name.endswith(CONTRACTS)
        data = find_data(path) if is_contract else path
        contract = path if is_contract else find_contract(path)
        if data is not None and contract is not None and data.exists():
            found[data.resolve()] = (data, contract)
    return [found[key] for key in sorted(found)]


def _gate(data: Path, contract: Path) -> int:
    # What measures is only needed when something is to be measured.
    from ostler.triggers.gates.files import measure_file
    from ostler.triggers.gates.report import judge
    from ostler.triggers.gates.text import text

    try:
        report = judge(measure_file(data, contract, {}, now=datetime.now(UTC)))
    except OstlerError as error:
        sys.stderr.write(f"{error.message}\n" + (f"try: {error.hint}\n" if error.hint else ""))
        return error.exit_code
    if not report.passed:
        sys.stdout.write(text(report))
    return 0 if report.passed else 1


if __name__ == "__main__":
    sys.exit(main())
