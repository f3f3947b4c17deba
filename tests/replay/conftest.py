"""A groomed workspace with one published proposal, made once and copied for every test."""

import hashlib
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

# The workbench of the tests of execution serves here as well.
sys.path.insert(0, str(Path(__file__).parents[1] / "execution"))

ROWS = [
    f"{n},{('Oslo', 'Rome')[n % 2]},{'n/a' if n % 9 == 0 else f'555-{n:04}'}\n" for n in range(60)
]


Made = Callable[[str, Callable[[Path], None]], Path]


@pytest.fixture(scope="session")
def shelves(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where workspaces lie that are made once."""
    return tmp_path_factory.mktemp("shelves")


@pytest.fixture
def made_once(shelves: Path, own_state: Path, run, monkeypatch: pytest.MonkeyPatch) -> Made:
    """A workspace in the current folder, as it was when it was made, with its person's receipts.

    Always in the same place: a dataset knows where its table lies.
    """

    def put_there(name: str, make: Callable[[Path], None]) -> Path:
        root, copy, receipts = (shelves / f"{name}{end}" for end in ("", "-copy", "-receipts"))
        if copy.exists():
            shutil.rmtree(root)
            shutil.copytree(copy, root)
            shutil.copytree(receipts, own_state, dirs_exist_ok=True)
            monkeypatch.chdir(root)
        else:
            root.mkdir()
            monkeypatch.chdir(root)
            make(root)
            shutil.copytree(own_state, receipts)
            shutil.copytree(root, copy)
        return root

    return put_there


@pytest.fixture
def groomed(run, made_once: Made) -> Path:
    """The workspace; it is the current folder."""

    def make(root: Path) -> None:
        (root / "people.csv").write_text("id,city,phone\n" + "".join(ROWS), encoding="utf-8")
        run("init")
        # An answer makes its dataset due; here nothing is groomed but what a test grooms.
        with (root / "ostler.yaml").open("a", encoding="utf-8") as settings:
            settings.write("\nwork:\n  runs: 0\n")
        run("add", "people.csv")
        assert run("groom", "people").code == 0
        one = next(p for p in run("queue", "--json").json if p["cells"])
        assert run("approve", one["id"]).code == 0
        assert run("work", "--once").code == 0

    return made_once("groomed", make)


@pytest.fixture
def run_id(run, groomed: Path) -> str:
    return run("trace", "--json").json[0]["run"]


def contents(folder: Path) -> dict[str, str]:
    """Every file below a folder, with its digest."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def listing():
    return contents


@pytest.fixture
def elsewhere(groomed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the workspace's own folder, to be put back."""
    copy = tmp_path_factory.mktemp("copy") / "ostler"
    shutil.copytree(groomed / ".ostler", copy)
    return copy
