"""A small dirty table in a workspace."""

from pathlib import Path

import pytest

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


@pytest.fixture
def workspace(run, tmp_path: Path) -> Path:
    """A workspace with a small dirty table, `people`."""
    (tmp_path / "people.csv").write_text(PEOPLE, encoding="utf-8")
    assert run("init").code == 0
    assert run("add", "people.csv", "--owner", "ana").code == 0
    return tmp_path
