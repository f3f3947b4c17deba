"""A groomed workspace with one published proposal, made once and copied for every test."""

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import yaml
from bundles import NAME

# The workbench of the tests of execution serves here as well, and the model's server.
for room in ("execution", "agents"):
    sys.path.insert(0, str(Path(__file__).parents[1] / room))

from model_server import KEY, Answer, Ask, ModelServer, completion  # noqa: E402 (see above)

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
def own_key(shelves: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The SSH key of whoever is at the keyboard, where votes are signed."""
    key = shelves / "home" / ".ssh" / "id_ed25519"
    if not key.exists():
        key.parent.mkdir(parents=True)
        made = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(key)]
        subprocess.run(made, check=True, timeout=60)
    monkeypatch.setenv("HOME", str(shelves / "home"))
    monkeypatch.delenv("OSTLER_UNSIGNED_VOTES")
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    return key


def in_favour(ask: Ask) -> Answer:
    advice = [
        {"draft": d["id"], "use": True, "rationale": "Plausible."} for d in ask.shown["drafts"]
    ]
    return completion(json.dumps({"advice": advice}))


@pytest.fixture
def signed(run, own_key: Path, made_once: Made, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with a roster, a model and two datasets: of one a signed vote let a card pass.

    `asked.json` has what the model was asked about people.
    """
    assert own_key.exists()
    monkeypatch.setenv("OSTLER_MODEL_API_KEY", KEY)

    def make(root: Path) -> None:
        rows = [line.strip() + f",{NAME}\n" for line in ROWS]
        rows[5] = rows[5].replace("Rome", "Rmoe")
        (root / "people.csv").write_text("id,city,phone,note\n" + "".join(rows), encoding="utf-8")
        towns = "".join(f"{n},{'n/a' if n % 7 == 0 else f'town {n}'}\n" for n in range(40))
        (root / "places.csv").write_text("id,town\n" + towns, encoding="utf-8")
        run("init")
        with closing(ModelServer()) as server:
            server.follow(in_favour)
            settings = {
                "model": {"base_url": server.url, "name": "scripted"},
                "work": {"runs": 0},
            }
            with (root / "ostler.yaml").open("a", encoding="utf-8") as file:
                file.write("\n" + yaml.safe_dump(settings))
            for words in ("add places.csv", "add people.csv", "identity init", "groom places"):
                assert run(*words.split()).code == 0, words
            server.follow(in_favour)
            assert run("groom", "people").code == 0
            (root / "asked.json").write_text(server.asked[0].text, encoding="utf-8")
        cards = run("queue", "--json").json
        name = next(c["id"] for c in cards if c["dataset"] == "people" and "phone" in c["columns"])
        seen = run("show", name, "--json").json["digest"]
        done = run("approve", name, "--because", "request 7", "--digest", seen)
        assert done.code == 0, done.err
        assert run("work", "--once").code == 0

    return made_once("signed", make)


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
