"""State, patches, objects and spans are their owner's, whatever the umask says."""

import os
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ostler.config.workspace import create_workspace
from ostler.storage.paths import write_whole

Run = Callable[..., Any]
KEPT = ("state.db", "spans.db", "heads.log", "patches", "objects")


@pytest.fixture
def no_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_nobody_else_reads_what_a_run_leaves(run: Run, tmp_path: Path, no_umask: None) -> None:
    lines = [f"{n},{'Lisbxn' if n == 7 else 'Lisbon'},1000" for n in range(40)]
    (tmp_path / "people.csv").write_text("\n".join(["id,city,zip", *lines]) + "\n")
    for args in (("init",), ("add", "people.csv"), ("groom", "people"), ("work", "--once")):
        assert run(*args).code == 0
    hidden = tmp_path / ".ostler"
    assert all((hidden / name).exists() for name in KEPT)
    assert list((hidden / "patches").iterdir()) and list((hidden / "objects").iterdir())
    for path in (hidden, *hidden.rglob("*")):
        if "tables" not in path.parts:
            assert mode(path) == (0o700 if path.is_dir() else 0o600), path
    # Tables are read by other programs, and the folder around them keeps strangers out.
    told = run("doctor")
    assert told.code == 0 and "nobody else can read" in told.out


def test_doctor_says_what_others_can_read_and_how_to_mend_it(run: Run, tmp_path: Path) -> None:
    assert run("init").code == 0 and run("queue").code == 0
    (tmp_path / ".ostler" / "state.db").chmod(0o644)
    told = run("doctor")
    assert told.code == 1
    said = " ".join(told.out.split())
    assert "others may read or write" in said and "chmod -R go-rwx" in said and "state.db" in said
    for path in (tmp_path / ".ostler").glob("state.db*"):
        path.chmod(0o600)
    assert run("doctor").code == 0


def test_all_who_make_a_key_at_once_have_the_first_one_s(tmp_path: Path, no_umask: None) -> None:
    made = create_workspace(tmp_path)
    with ThreadPoolExecutor(8) as many:
        keys = set(many.map(lambda _: made.drill_key(make=True), range(32)))
    key = made.hidden / "drill.key"
    assert (len(keys), keys) == (1, {key.read_bytes()}) and len(key.read_bytes()) == 64
    assert mode(key) == 0o600 and not list(made.hidden.glob(".drill.key*"))


@pytest.mark.parametrize(
    ("shared", "folder", "file"), [(0o755, 0o700, 0o600), (0o2770, 0o2770, 0o660)]
)
def test_a_storage_that_is_shared_with_a_group_stays_so(
    tmp_path: Path, no_umask: None, shared: int, folder: int, file: int
) -> None:
    storage = tmp_path / "storage"
    storage.mkdir()
    storage.chmod(shared)
    write_whole(storage / "objects" / "ab" / "cd", b"x")
    assert mode(storage / "objects") == mode(storage / "objects" / "ab") == folder
    assert mode(storage / "objects" / "ab" / "cd") == file
