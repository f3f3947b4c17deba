"""The engines beside us: what to install, where, and which script runs the benchmark with it.

Each has an environment of its own, made once in the cache, because some of them exclude each other
and none of them may come near ours.
"""

import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

SCRIPTS = Path(__file__).parent / "quality_engines"
INSTALL_LIMIT = 900
"""Seconds."""


@dataclass(frozen=True)
class Peer:
    """One engine, in one of the ways that it can be used."""

    script: str
    requirements: Sequence[str]
    way: str = ""
    """What the script is told, when it knows several."""
    note: str = ""


POLARS = "polars==2.1.0"
DUCKDB = "duckdb==2.0.0"
PYARROW = "pyarrow==26.0.1"
PANDAS = "pandas==3.1.1"
OLD_PANDAS = "pandas==2.3.3"
_CUALLEE = ("cuallee[polars]==0.15.4", POLARS, DUCKDB, PANDAS, PYARROW)
_GX = (
    "great-expectations==1.24.1", "duckdb==1.4.4", "duckdb-engine==0.17.0", "sqlalchemy==2.0.58",
    "pytz==2026.6", PANDAS, PYARROW,
)  # fmt: skip
_IBIS = ("ibis-framework[duckdb]==12.0.0", DUCKDB)
_POINTBLANK = ("pointblank==1.1.1", POLARS, PYARROW)
_EVIDENTLY = ("evidently==0.7.23", OLD_PANDAS, PYARROW)

CHECKING: Mapping[str, Peer] = {
    "Soda on DuckDB": Peer("with_soda.py", ("soda-duckdb==4.28.0", DUCKDB)),
    "cuallee on Polars": Peer("with_cuallee.py", _CUALLEE, "polars"),
    "cuallee on DuckDB": Peer("with_cuallee.py", _CUALLEE, "duckdb"),
    "dataframely": Peer("with_dataframely.py", ("dataframely==3.1.2", POLARS)),
    "datacontract-cli": Peer("with_datacontract.py", ("datacontract-cli[duckdb]==1.2.8",)),
    "Great Expectations on DuckDB": Peer("with_gx.py", _GX, "duckdb"),
    "Great Expectations on pandas": Peer("with_gx.py", _GX, "pandas"),
    "pandera on Polars": Peer("with_pandera.py", ("pandera[polars]==0.35.0", POLARS)),
    "pointblank on Polars": Peer("with_pointblank.py", _POINTBLANK),
    "Ibis on DuckDB": Peer("with_ibis.py", _IBIS),
    "plain PySpark, local": Peer("with_pyspark.py", ("pyspark==4.3.0",)),
}
DRIFT: Mapping[str, Peer] = {
    "scipy, exact": Peer("drift_scipy.py", ("scipy==1.17.1", "numpy==2.4.6", PYARROW)),
    "Evidently, drift preset": Peer("drift_evidently.py", _EVIDENTLY),
    "NannyML": Peer(
        "drift_nannyml.py", ("nannyml==0.13.1", "statsmodels==0.15.0", OLD_PANDAS, PYARROW)
    ),
    "alibi-detect": Peer("drift_alibi.py", ("alibi-detect==0.13.0", OLD_PANDAS, "pyarrow==21.0.0")),
}


class Unavailable(Exception):
    """A peer cannot be installed here."""


def python_of(peer: Peer, cache: Path) -> Path:
    """The interpreter of a peer's environment, which is made when it is not there.

    Raises Unavailable, in one line, without a network or for a platform that has no such package.
    """
    name = sha256("\n".join(peer.requirements).encode()).hexdigest()[:16]
    folder = cache / f"{peer.requirements[0].partition('=')[0].partition('[')[0]}-{name}"
    python, whole = folder / "bin" / "python", folder / "whole"
    if whole.exists():
        return python
    shutil.rmtree(folder, ignore_errors=True)
    uv = shutil.which("uv")
    make = [uv, "venv", "-q", "--python", sys.executable] if uv else [sys.executable, "-m", "venv"]
    install = (
        [uv, "pip", "install", "-q", "--python", python]
        if uv
        else [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    )
    for command in ([*make, folder], [*install, *peer.requirements]):
        _called(command)
    whole.touch()
    return python


def _called(command: Sequence[str | Path]) -> None:
    try:
        ended = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=INSTALL_LIMIT
        )
    except subprocess.TimeoutExpired:
        raise Unavailable(f"not installed within {INSTALL_LIMIT} s") from None
    if ended.returncode:
        lines = [line.strip() for line in ended.stderr.splitlines() if line.strip()]
        raise Unavailable(f"not installed: {' '.join(lines)[-200:] or 'no reason given'}")
