"""Which contract a bare file has, and which file a contract is about, by their names.

`orders.csv` and `orders.odcs.yaml` belong together when they lie in one folder, or the contract in
a folder `contracts` beside the file or further up, as far as the repository reaches.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ostler.config.section import FILE
from ostler.core.errors import BadInput

DATA = (".csv", ".tsv", ".parquet", ".pq", ".jsonl", ".ndjson", ".xlsx", ".xlsm")
"""Endings of data files."""

CONTRACTS = (".odcs.yaml", ".odcs.yml")
"""Endings of contract files."""

_FOLDER = "contracts"
_ROOTS = (".git", FILE)
"""What marks the folder above which nobody looks."""


def is_file(what: str) -> bool:
    """Whether a person means a file: it has an ending, a folder, or is there."""
    return Path(what).suffix.lower() in (*DATA, ".txt", ".json") or "/" in what


def contract_of(data: Path) -> Path:
    """The contract of a data file (BadInput when there is none)."""
    found = find_contract(data)
    if found is None:
        stem = stem_of(data)
        raise BadInput(
            f"{data} has no contract: there is no {stem}{CONTRACTS[0]} beside it or in {_FOLDER}/",
            "name it with --contract FILE; to draft one: "
            f"ostler init, ostler add {data}, ostler contract infer {stem}",
        )
    return found


def find_contract(data: Path) -> Path | None:
    """The contract of a data file, if there is one."""
    names = [f"{stem_of(data)}{ending}" for ending in CONTRACTS]
    folders = [data.parent, *(folder / _FOLDER for folder in _upwards(data.parent))]
    return _first(folder / name for folder in folders for name in names)


def find_data(contract: Path) -> Path | None:
    """The data file that a contract is about, if it lies beside it, above it or in `data`."""
    names = [f"{stem_of(contract)}{ending}" for ending in DATA]
    above = contract.parent.parent
    folders = [contract.parent, above, above / "data"]
    return _first(folder / name for folder in folders for name in names)


def stem_of(path: Path) -> str:
    """`orders` of `orders.csv` and of `orders.odcs.yaml`."""
    name = path.name
    ending = next((end for end in CONTRACTS if name.endswith(end)), path.suffix)
    return name.removesuffix(ending)


def others_of(pairs: Sequence[str]) -> dict[str, Path]:
    """`NAME=FILE` as names and files (BadInput)."""
    found: dict[str, Path] = {}
    for pair in pairs:
        name, equals, file = pair.partition("=")
        if not (name and equals and file):
            raise BadInput(f"{pair!r} names no dataset and file", "write --other customers=c.csv")
        found[name] = Path(file)
    return found


def _upwards(folder: Path) -> Iterator[Path]:
    """A folder and those above it, up to the root of the repository."""
    for one in (folder, *folder.resolve().parents):
        yield one
        if any((one / name).exists() for name in _ROOTS):
            return


def _first(paths: Iterable[Path]) -> Path | None:
    return next((path for path in paths if path.is_file()), None)
