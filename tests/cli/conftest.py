"""The command line, called as a shell would, in this process."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ostler.cli.main import main

PEOPLE = """\
id,name,city,zip,phone
1,Ana Lima,Lisbon,1000,555-0101
2,Ben Ode,Lisbon,1000,n/a
3,Cid Roe,Lisbon,1000,555-0103
4,Dan Poe,Lisbon,1000,555-0104
5,Eva Fox,Lisbxn,1000,555-0105
6,Fay Low,Oslo,2000,555-0106
7,Gus Tan,Oslo,2000,N/A
8,Hal Orr,Oslo,2000,555-0108
9,Ida Rye,Oslo,2000,555-0109
10,Jan Sol,Oslo,2000,n/a
11,Kim Day,Lisbon,1000,555-0111
12,Lea Moe,Oslo,2000,555-0112
"""


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Ran]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run `ostler ARGS...` in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OSTLER_REVIEWER", "ana")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.delenv("OSTLER_WORKSPACE", raising=False)

    def call(*args: str | Path) -> Ran:
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["ostler", *map(str, args)])
        try:
            main()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
        out, err = capsys.readouterr()
        return Ran(code, out, err)

    return call


@pytest.fixture
def workspace(run: Run, tmp_path: Path) -> Path:
    """A workspace with a small dirty table, `people`."""
    (tmp_path / "people.csv").write_text(PEOPLE, encoding="utf-8")
    assert run("init").code == 0
    assert run("add", "people.csv", "--owner", "ana").code == 0
    return tmp_path
