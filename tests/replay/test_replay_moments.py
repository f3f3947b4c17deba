"""A run in another hour, in a freeze, is told the same when it is replayed."""

import json
from pathlib import Path

PEOPLE = "id,name,city\n" + "".join(
    f"{n},Person {n}{' ' * (n == 3)},{'Lisbon' if n % 2 else 'Oslo'}\n" for n in range(1, 13)
)


def test_what_was_denied_in_a_freeze_is_denied_again_by_a_replay(run, tmp_path: Path) -> None:
    assert run("init").code == 0
    (tmp_path / "people.csv").write_text(PEOPLE, encoding="utf-8")
    assert run("add", "people.csv", "--owner", "ana", "--tag", "eu").code == 0
    assert run("policy", "add", "freeze").code == 0
    settings = tmp_path / "ostler.yaml"
    before = settings.read_text(encoding="utf-8")
    frozen = "zone: Asia/Tokyo\nfreezes: {all: {from: 2020-01-01, until: 2999-01-01, tags: [EU]}}\n"
    settings.write_text(before + frozen, encoding="utf-8")
    first = json.loads(run("groom", "people", "--json").out)
    denied = json.loads(run("queue", "--state", "denied", "--json").out)
    assert denied
    shown = run("show", denied[0]["id"]).out
    assert "nothing-in-a-freeze: The dataset is in a release freeze. (of workspace)" in shown
    # The freeze is over; the recorded moment is not.
    settings.write_text(before, encoding="utf-8")
    assert run("replay", first["run"], "--policy", "recorded").code == 0
    assert run("groom", "people").code == 0
    assert not json.loads(run("queue", "--state", "denied", "--json").out)
    assert run("audit", "verify").code == 0
