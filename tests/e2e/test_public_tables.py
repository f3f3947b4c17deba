"""Repair quality on a public pair, through the commands, with a reviewer who looks at samples."""

import csv
from pathlib import Path


def rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def looks_right(changes: list[dict[str, str]], clean: list[dict[str, str]]) -> bool:
    """What a person does: look up ten changed cells, approve when nearly all are right."""
    step = max(1, len(changes) // 10)
    sample = changes[::step][:10]
    right = sum(clean[int(c["row"]) - 1][c["column"]] == (c["new"] or "") for c in sample)
    return right >= (8 if len(sample) == 10 else len(sample) - (len(sample) > 1))


def test_hospital_is_repaired_with_few_approvals(run, pair, score, tmp_path: Path) -> None:
    dirty, clean = pair("hospital")
    # The headers of the two files differ in case; the columns do not.
    names = rows(dirty)[0]
    truth = [dict(zip(names, row, strict=True)) for row in rows(clean)[1:]]
    run("init")
    run("add", dirty, "--name", "hospital", "--owner", "ana")
    approved = 0
    for _ in range(3):
        run("groom", "hospital")
        for one in run("queue", "--json").json:
            if approved == 20:
                break
            shown = run("show", one["id"], "--changes", "1000", "--json").json
            waits = shown["state"] == "parked" and shown["changes"]
            if waits and looks_right(shown["changes"], truth):
                assert run("approve", one["id"]).code == 0
                assert run("work", "--once").code == 0
                approved += 1
    run("export", "hospital", "repaired.csv")
    result = score(dirty, clean, tmp_path / "repaired.csv")
    assert approved <= 20
    assert result["repair"]["f1"] >= 0.90
    assert run("audit", "verify").code == 0
