"""Bundles of evidence, looked into and checked as a stranger would."""

import subprocess
import sys
import zipfile
from pathlib import Path

Files = dict[str, bytes]

NAME = "Mrs Zwingli-Marker"
"""In a column that nothing is wrong with, and so in what cards show around their changes."""


def unpacked(file: Path) -> Files:
    with zipfile.ZipFile(file) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def checked(file: Path, *options: str | Path) -> tuple[int, str]:
    """What the bundle's own script says, run as a stranger would: without us, and elsewhere."""
    script = file.with_suffix(".py")
    script.write_bytes(unpacked(file)["verify.py"])
    done = subprocess.run(
        [sys.executable, "-I", str(script), str(file), *map(str, options)],
        capture_output=True,
        text=True,
        cwd=file.parent,
        env={},
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout


def known_keys(run) -> tuple[str | Path, ...]:
    """What an auditor has from elsewhere: the keys of root and log, as options of the script."""
    log_key = run("audit", "checkpoint", "--key").out.strip()
    return ("--root", Path.home() / ".ssh" / "id_ed25519.pub", "--log-key", log_key)
