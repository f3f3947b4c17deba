"""What a person gets from the commands, from the first to the last."""

import csv
import io
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from ostler.cli.main import app

ROOT = Path(__file__).parents[2]
PEOPLE = "id,phone\n" + "".join(f"{n},{'n/a' if n % 5 == 0 else n}\n" for n in range(30))


def test_a_table_goes_through_the_whole_line(run, workspace: Path) -> None:
    assert run("contract", "infer", "people").code == 0
    assert (workspace / "contracts" / "people.odcs.yaml").exists()
    assert run("contract", "lint", "people").code == 0
    assert run("check", "people").code in (0, 1)
    groomed = run("groom", "people")
    assert groomed.code == 0
    assert "wait for review" in groomed.err or "waits for review" in groomed.err
    queue = run("queue", "--json").json
    missing = next(p for p in queue if p["columns"] == ["phone"])
    shown = run("show", missing["id"], "--json").json
    assert {(c["old"], c["new"]) for c in shown["changes"]} == {("n/a", None), ("N/A", None)}
    assert run("approve", missing["id"], "--json").json == [
        {"proposal": missing["id"], "state": "approved"}
    ]
    [done] = run("work", "--once", "--json").json
    assert (done["proposal"], done["state"], done["version"]) == (missing["id"], "published", 1)
    assert run("diff", "people@0", "people@1", "--json").json["total"] == 3
    assert run("export", "people", "out.csv").code == 0
    text = (workspace / "out.csv").read_text(encoding="utf-8")
    phones = [row["phone"] for row in csv.DictReader(text.splitlines())]
    assert phones.count("") == 3
    assert run("audit", "verify").code == 0
    reverted = run("revert", missing["id"], "--yes", "--json")
    assert reverted.json["state"] == "published"
    assert run("export", "people", "back.csv").code == 0
    assert (workspace / "back.csv").read_bytes() == (workspace / "people.csv").read_bytes()
    run_id = run("trace", "--json").json[0]["run"]
    assert run("trace", run_id).out.count("execute_tool") > 5
    replayed = run("replay", run_id)
    assert replayed.code == 0
    assert "every step is equal" in replayed.err
    assert run("audit", "verify").code == 0
    assert run("doctor").code == 0


def test_a_changed_policy_shows_in_a_replay(run, workspace: Path) -> None:
    run("groom", "people")
    run_id = run("trace", "--json").json[0]["run"]
    site = workspace / "policies" / "site.cedar"
    text = site.read_text(encoding="utf-8")
    assert '@votes("1")' in text
    site.write_text(text.replace('@votes("1")', '@votes("2")', 1), encoding="utf-8")
    replayed = run("replay", run_id)
    assert replayed.code == 1
    assert "the first step that differs is gate" in replayed.err
    assert run("replay", run_id, "--policy", "recorded").code == 0


def test_rejecting_needs_a_reason_and_is_final(run, workspace: Path) -> None:
    run("groom", "people")
    first = next(p["id"] for p in run("queue", "--json").json if p["cells"])
    assert run("reject", first).code == 2
    assert run("reject", first, "--because", "  ").code == 2
    assert run("reject", first, "--because", "they are right as they are").code == 0
    assert "they are right as they are" in run("show", first).out
    again = run("groom", "people", "--json").json
    assert first not in again["waiting"]
    refused = run("approve", first)
    assert refused.code == 2
    assert "rejected" in refused.err


def test_nothing_is_executed_without_an_approval(run, workspace: Path) -> None:
    run("groom", "people")
    assert run("work", "--once", "--json").json == []
    assert len(run("log", "people", "--json").json) == 1


def test_a_second_grooming_finds_nothing_new(run, workspace: Path) -> None:
    first = run("groom", "people", "--json").json
    second = run("groom", "people", "--json").json
    assert first["waiting"]
    assert second["waiting"] == []
    assert set(second["known"]) == set(first["waiting"])


def test_appended_rows_that_drifted_are_found_by_check_alone(run, tmp_path: Path) -> None:
    header = "id,amount,kind\n"
    (tmp_path / "a.csv").write_text(
        header + "".join(f"{i},{10 + i % 7},{'xyz'[i % 3]}\n" for i in range(400)), "utf-8"
    )
    (tmp_path / "b.csv").write_text(
        header + "".join(f"{i},{1000 + 100 * (i % 7)},{'xyz'[i % 3]}\n" for i in range(200)),
        "utf-8",
    )
    run("init")
    run("add", "a.csv", "--name", "amounts")
    assert run("check", "amounts", "--json").json["checks"] == []
    assert run("add", "b.csv", "--name", "amounts", "--append").code == 0
    failing = [c for c in run("check", "amounts", "--json").json["checks"] if not c["passed"]]
    assert {c["check"]["rule"]["column"] for c in failing} == {"amount"}
    titles = [item["title"] for item in run("item", "--json").json]
    assert any("amount" in title for title in titles)


BAD = {
    "no such file": ("add", "no.csv"),
    "no workspace": ("queue", "-w", "/nowhere"),
    "no dataset": ("groom", "peple"),
    "no proposal": ("show", "P-NOPE"),
    "no version": ("export", "people@9", "out.csv"),
    "no format": ("export", "people", "out.docx"),
    "no folder": ("export", "people", "no/out.csv"),
    "no alert": ("alert", "no.json"),
    "the name again": ("add", "people.csv"),
    "a bad name": ("add", "people.csv", "--name", "../up"),
    "a bad state": ("queue", "--state", "lost"),
    "two datasets": ("diff", "people@0", "other@0"),
    "a second workspace": ("init",),
    "an unknown command": ("grom", "people"),
    "an unknown option": ("groom", "people", "--fast"),
    "no such run": ("replay", "R-NOPE"),
    "no contract": ("contract", "lint", "people"),
    "the console without a terminal": ("review",),
    "no column to protect": ("add", "people.csv", "--name", "b", "--protect", "no"),
    "a key for a file": ("add", "people.csv", "--name", "c", "--key", "id"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_mistake_gets_a_sentence_and_code_2(run, workspace: Path, case: str) -> None:
    before = run("log", "--json").json
    ended = run(*BAD[case])
    assert ended.code == 2, ended.err
    assert ended.err.strip()
    assert "Traceback" not in ended.err
    assert "should not happen" not in ended.err
    assert ended.out == ""
    assert run("log", "--json").json == before


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("people: [", "cannot be read"),
        ("groming: {}", "did you mean 'grooming'"),
        ("grooming: {max_proposals: none}", "grooming.max_proposals"),
        ("- a list", "must hold settings"),
    ],
)
def test_settings_that_cannot_be_used_are_named(
    run, workspace: Path, content: str, says: str
) -> None:
    (workspace / "ostler.yaml").write_text(content, encoding="utf-8")
    ended = run("queue")
    assert ended.code == 2
    assert says in ended.err


def test_a_contract_with_a_misspelt_key_is_named(run, workspace: Path) -> None:
    run("contract", "infer", "people")
    path = workspace / "contracts" / "people.odcs.yaml"
    path.write_text(path.read_text("utf-8").replace("logicalType:", "logicalTyp:", 1), "utf-8")
    ended = run("check", "people")
    assert ended.code == 2
    assert "logicalTyp" in ended.err
    assert "logicalType" in ended.err


def test_a_policy_that_does_not_validate_is_named(run, workspace: Path) -> None:
    site = workspace / "policies" / "site.cedar"
    site.write_text(site.read_text("utf-8") + "\npermit(principal, action", encoding="utf-8")
    ended = run("groom", "people")
    assert ended.code == 2
    assert "site.cedar" in ended.err
    assert run("queue", "--state", "all", "--json").code == 2


def test_hostile_cells_stay_text_on_paper(run, tmp_path: Path) -> None:
    evil = "\x1b]0;pwn\x07[bold red]x[/]\u202egnp"
    rows = "".join(f"{i},{'n/a' if i < 3 else 'fine'},{i}\n" for i in range(40))
    (tmp_path / "t.csv").write_text(f'id,"{evil}",n\n{rows}', encoding="utf-8")
    run("init")
    assert run("add", "t.csv").code == 0
    run("groom", "t")
    for args in (("queue",), ("item",), ("check", "t"), ("log", "t")):
        ended = run(*args)
        assert "\x1b" not in ended.out + ended.err
        assert "\u202e" not in ended.out + ended.err
    for one in run("queue", "--json").json:
        shown = run("show", one["id"])
        assert "\x1b" not in shown.out
        assert "[bold red]x[/]" in shown.out


def test_help_has_an_example_everywhere_and_data_comes_as_json() -> None:
    from typer.main import get_command

    def leaves(command, path=()):
        for name, one in getattr(command, "commands", {}).items():
            yield from leaves(one, (*path, name))
        if not getattr(command, "commands", None):
            yield " ".join(path), command

    found = dict(leaves(get_command(app)))
    assert len(found) > 20
    for name, command in found.items():
        assert f"ostler {name}" in (command.epilog or ""), name
        assert command.help, name


def test_help_loads_nothing_heavy() -> None:
    heavy = ("langgraph", "langchain_core", "langchain_openai", "textual", "duckdb", "pyarrow")
    code = (
        "import sys\n"
        "sys.argv = ['ostler', '--help']\n"
        "from ostler.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        f"loaded = [m for m in {heavy!r} if m in sys.modules]\n"
        "sys.exit(f'loaded {loaded}' if loaded else 0)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert ended.returncode == 0, ended.stderr
    assert "Pull requests for data" in ended.stdout


def test_the_console_loads_no_agent() -> None:
    code = (
        "import sys\n"
        "import ostler.tui.app, ostler.review.desk\n"
        "heavy = ('langgraph', 'langchain_core', 'langchain_openai', 'ostler.agents')\n"
        "loaded = [m for m in heavy if m in sys.modules]\n"
        "sys.exit(f'loaded {loaded}' if loaded else 0)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert ended.returncode == 0, ended.stderr


def test_it_runs_as_a_module() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "ostler", "--version"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert ended.returncode == 0
    assert ended.stdout.startswith("ostler ")


def test_the_sample_settings_can_be_used() -> None:
    from ostler.config.settings import read_settings

    settings = read_settings(ROOT / "config" / "ostler.yaml")
    assert settings.model is not None
    assert settings.people == {"ana": ("owner",), "ben": ("steward",)}


def test_the_environment_goes_over_the_file(run, workspace: Path, monkeypatch) -> None:
    monkeypatch.setenv("OSTLER_GROOMING__MAX_PROPOSALS", "1")
    groomed = run("groom", "people", "--json").json
    assert len(groomed["waiting"]) == 1
    assert groomed["left_out"] > 0


def test_a_delta_table_is_mended_in_place(run, tmp_path: Path, monkeypatch) -> None:
    uri = str(tmp_path / "lake")
    rows = pa.table(
        {
            "id": list(range(60)),
            "phone": ["n/a" if i % 10 == 0 else f"555-{i:04d}" for i in range(60)],
            "amount": [float(i % 7) for i in range(60)],
        }
    )
    write_deltalake(uri, rows)
    run("init")
    assert run("add", "lake").code == 2
    assert run("add", "lake", "--key", "id").code == 0
    run("groom", "lake")
    asked = next(p["id"] for p in run("queue", "--json").json if not p["cells"])
    cells = run("show", asked, "--json").json["question"]
    marks = [cell["row"] for cell in cells if cell["old"] == "n/a"]
    said = [word for row in marks for word in ("--missing", row, "phone")]
    made = run("answer", asked, *said, "--json").json["made"]
    monkeypatch.setenv("OSTLER_REVIEWER", "ben")
    assert run("approve", made).code == 0
    run("work", "--once")
    after = DeltaTable(uri).to_pyarrow_table().sort_by("id")
    gone = [str(i) for i, phone in enumerate(after["phone"].to_pylist()) if phone is None]
    assert marks
    assert sorted(marks, key=int) == gone
    assert after["amount"].to_pylist() == rows["amount"].to_pylist()
    shown = run("diff", "lake@0", "lake@1").out
    assert "∅" in shown
    refused = run("add", "lake", "--name", "lake", "--append")
    assert refused.code == 2


def test_an_alert_comes_from_standard_input_and_counts_once(
    run, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alert = '{"dataset": "people", "summary": "phones are missing", "columns": ["phone"]}'
    monkeypatch.setattr(sys, "stdin", io.StringIO(alert))
    [first] = run("alert", "-", "--json").json
    queue = run("queue", "--json").json
    items = run("item", "--json").json
    assert not first["repeated"]
    monkeypatch.setattr(sys, "stdin", io.StringIO(alert))
    [second] = run("alert", "-", "--json").json
    assert second["repeated"]
    assert second["run"] == first["run"]
    assert run("queue", "--json").json == queue
    assert run("item", "--json").json == items


def test_a_second_worker_is_told_so(run, workspace: Path) -> None:
    code = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from ostler.execution.worker import worker_lock\n"
        "with worker_lock(Path(sys.argv[1])):\n"
        "    print('held', flush=True)\n"
        "    time.sleep(60)\n"
    )
    lock = workspace / ".ostler" / "work.lock"
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(lock)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        ended = run("work", "--once")
        assert ended.code == 2
        assert f"process {holder.pid}" in ended.err
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()
    assert run("work", "--once").code == 0


def test_a_workspace_may_lie_in_a_folder_with_odd_letters(run, tmp_path: Path) -> None:
    folder = tmp_path / "my data 1 ü"
    folder.mkdir()
    (folder / "people.csv").write_text(PEOPLE, encoding="utf-8")
    assert run("init", folder).code == 0
    assert run("add", folder / "people.csv", "-w", folder).code == 0
    assert run("groom", "people", "-w", folder).code == 0
    first = next(p["id"] for p in run("queue", "--json", "-w", folder).json if p["cells"])
    assert run("approve", first, "-w", folder).code == 0
    assert run("work", "--once", "-w", folder).code == 0
    assert run("audit", "verify", "-w", folder).code == 0
    assert run("export", "people", folder / "out.csv", "-w", folder).code == 0


@pytest.mark.parametrize("character", "%#?*[]")
def test_a_path_that_reads_as_a_pattern_is_refused(run, tmp_path: Path, character: str) -> None:
    ended = run("init", tmp_path / f"a{character}20b")
    assert ended.code == 2
    assert repr(character) in ended.err
