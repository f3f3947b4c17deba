"""`ostler watch` and `ostler close`, as a person meets them."""

from pathlib import Path

import pytest

WATCH = """
watch:
  people:
    - {versions: true, do: gate}
    - {versions: true, do: groom}
    - {cron: "0 6 * * 1-5", zone: Europe/Berlin}
  nobody: {versions: true}
"""


def test_a_new_version_is_gated_and_its_item_closed_by_a_person(run, workspace: Path) -> None:
    settings = workspace / "ostler.yaml"
    settings.write_text(settings.read_text(encoding="utf-8") + WATCH, encoding="utf-8")
    assert run("contract", "infer", "people").code == 0
    assert len(run("watch", "--plan", "--json").json) == 4
    assert "nothing is due" in run("watch", "people", "--once").err
    (workspace / "more.csv").write_text("id,name,city,zip,phone\n1,A,B,x,\n", encoding="utf-8")
    assert run("add", "more.csv", "--name", "people", "--append").code == 0
    fired = run("watch", "--once")
    # `nobody` is no dataset and has no version, so nothing is due for it.
    assert fired.code == 0
    assert "people@1" in fired.err
    assert "a worker grooms it" in fired.err
    assert "nothing is due" in run("watch", "--once").err
    planned = {one["what"]: one for one in run("watch", "people", "--plan", "--json").json}
    assert planned["gate people"]["outcome"].startswith("people@1:")
    assert planned["check people"]["next"].endswith("Z")
    [*_, item] = run("item", "--json").json
    assert run("close", item["id"], "--because", " ").code == 2
    assert run("close", item["id"], "--because", "as it should be").code == 0
    assert run("close", item["id"], "--because", "twice").code == 2
    states = {one["id"]: one["state"] for one in run("item", "--json").json}
    assert states[item["id"]] == "done"
    assert run("audit", "verify").code == 0


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("watch: {people: {cron: 0 6 * *}}", "no cron expression"),
        ("watch: {people: {cron: 0 6 * * *, zone: Berlin}}", "no time zone"),
        ("watch: {people: {do: gate}}", "neither cron nor versions"),
        ("watch: {people: {cron: 0 6 * * *, do: publish}}", "do"),
        ("notify: {ana: {url: secret-token}}", "must be an address"),
        ("notify: {ana: {url: 'x://secret-token', events: [gate.fail]}}", "no event is called"),
        ("console_url: https://console.example.org", "{proposal}"),
    ],
)
def test_wrong_settings_are_said_before_anything_is_done(
    run, workspace: Path, settings: str, said: str
) -> None:
    path = workspace / "ostler.yaml"
    schedule = "" if settings.startswith("watch") else "\nwatch: {people: {versions: true}}"
    text = path.read_text(encoding="utf-8")
    path.write_text(f"{text}\n{settings}{schedule}\n", encoding="utf-8")
    refused = run("watch", "--once")
    assert refused.code == 2
    assert said in refused.err
    assert "secret-token" not in refused.err


def test_what_is_not_scheduled_cannot_be_watched(run, workspace: Path) -> None:
    assert "nothing is scheduled" in run("watch", "--once").err
    refused = run("watch", "people", "--once")
    assert refused.code == 2
    assert "watch: {people:" in refused.err
