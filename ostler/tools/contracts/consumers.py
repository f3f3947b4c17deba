"""Contracts that a workspace keeps beside a dataset's own: of its readers, and its neighbours."""

from collections.abc import Collection, Mapping
from pathlib import Path

from ostler.storage.paths import read_text
from ostler.tools.contracts.contract import Contract
from ostler.tools.contracts.parse import parse_contract

_ENDING = ".odcs.yaml"


def contract_file(folder: Path, dataset: str) -> Path:
    """The contract of a dataset, whether or not it exists."""
    return folder / f"{dataset}{_ENDING}"


def read_contract(path: Path, dataset: str) -> Contract:
    """A contract file; BadInput with its place when it cannot be used."""
    return parse_contract(read_text(path), dataset=dataset, source=str(path))


def consumers_of(folder: Path, dataset: str) -> Mapping[str, Contract]:
    """What each consumer of a dataset says it reads: `consumers/<dataset>/<consumer>.yaml`."""
    files = sorted((folder / "consumers" / dataset).glob("*.yaml"))
    return {path.name.removesuffix(".yaml"): read_contract(path, dataset) for path in files}


def other_contracts(folder: Path, besides: Collection[str]) -> dict[str, Contract]:
    """The contract files of other datasets than some, by their names."""
    files = sorted(folder.glob(f"*{_ENDING}"))
    named = ((path.name.removesuffix(_ENDING), path) for path in files)
    return {name: read_contract(path, name) for name, path in named if name not in besides}
