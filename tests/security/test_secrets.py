"""Passwords that people put where none belongs are neither said nor kept."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
PASSWORD = "hunter2hunter2"
PLACES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("OSTLER_STATE", f"postgresql://ana:{PASSWORD}@127.0.0.1:1/none", ("queue",)),
    ("OSTLER_STATE", f"nosuch://ana:{PASSWORD}@host/x", ("queue",)),
    ("OSTLER_STATE", f"postgresql://ana:{PASSWORD}@[::1/none", ("doctor",)),
    ("OSTLER_STORAGE", f"s3://key:{PASSWORD}@bucket/x", ("queue",)),
    ("OSTLER_MODEL__BASE_URL", f"http://ana:{PASSWORD}@127.0.0.1:1/v1", ("groom", "people")),
    ("OSTLER_MODEL_API_KEY", PASSWORD, ("groom", "people")),
    (
        "OSTLER_REVIEWER",
        "ana",
        ("add", f"postgresql://ana:{PASSWORD}@127.0.0.1:1/x", "--table", "t"),
    ),
    ("OSTLER_REVIEWER", "ana", ("add", f"s3://key:{PASSWORD}@bucket/x")),
    ("OSTLER_EFFECTS__A__URL", f"https://ana:{PASSWORD}@host/x", ("work", "--once")),
)


@pytest.mark.parametrize(("name", "value", "command"), PLACES, ids=lambda it: str(it)[:24])
def test_a_password_in_the_wrong_place_is_not_repeated(
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: str,
    command: tuple[str, ...],
) -> None:
    (tmp_path / "people.csv").write_text("city\nLisbon\nLisbon\nLisbxn\n")
    assert run("init").code == 0 and run("add", "people.csv").code == 0
    if "MODEL" in name:
        # Nobody listens there.
        monkeypatch.setenv("OSTLER_MODEL__BASE_URL", "http://127.0.0.1:1/v1")
        monkeypatch.setenv("OSTLER_MODEL__NAME", "none")
        monkeypatch.setenv("OSTLER_MODEL__ATTEMPTS", "1")
    monkeypatch.setenv(name, value)
    told = run(*command)
    assert told.code in (0, 1, 2), told.err
    assert PASSWORD not in told.out + told.err and "Traceback" not in told.err
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or PASSWORD.encode() not in path.read_bytes(), path
