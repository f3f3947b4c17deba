"""Contracts as a person types them: drafted, linted, published, compared, promoted."""

from pathlib import Path

CONSUMER = """\
apiVersion: v3.1.0
kind: DataContract
id: churn
team: {members: [{username: cleo, role: owner}]}
schema:
  - name: people
    properties:
      - {name: city, logicalType: string}
      - {name: mail}
"""

STAGING = """\
apiVersion: v3.1.0
kind: DataContract
id: people
schema:
  - name: people
    properties:
      - name: phone
        quality:
          - {metric: missingValues, arguments: {missingValues: [n/a]}, mustBe: 0}
"""


def test_from_a_draft_to_versions_that_count(run, workspace: Path) -> None:
    path = workspace / "contracts" / "people.odcs.yaml"
    drafted = run("contract", "infer", "people", "--json").json
    assert drafted["file"] == "contracts/people.odcs.yaml"
    assert all(0 < one["sure"] <= 1 for one in drafted["rules"])
    # Nothing has to be published for all the rest to go on.
    assert run("check", "people").code == 0
    assert run("contract", "history", "people").code == 0
    assert run("contract", "check-compat", "people").code == 0
    assert run("contract", "lint", "people", "--json").json["errors"] == 0
    done = run("contract", "publish", "people", "--because", "first", "--yes", "--json").json
    assert (done["state"], done["change"]["version"]) == ("published", "1.0.0")
    again = run("contract", "publish", "people", "--yes")
    assert (again.code, "published already" in again.err) == (2, True)
    draft = path.read_text(encoding="utf-8")
    path.write_text(draft.replace("severity: warning", "severity: error"), encoding="utf-8")
    checked = run("check", "people")
    assert (checked.code, "is not the published version 1.0.0" in checked.err) == (0, True)
    assert run("contract", "diff", "people").code == 0
    parked = run("contract", "publish", "people", "--propose", "--json").json
    assert parked["state"] == "parked"
    assert parked["change"]["failing"][0]["check"]["rule"]["column"] == "phone"
    assert "stops a pipeline: phone is never" in run("show", parked["proposal"]).out
    assert run("approve", parked["proposal"]).code == 0
    assert "version 1.1.0 of the contract is in force" in run("work", "--once").err
    assert run("check", "people").code == 1
    lines = run("contract", "history", "people", "--json").json
    assert [one["version"] for one in lines] == ["1.1.0", "1.0.0"]
    assert [one["approved_by"] for one in lines] == [["ana"], ["ana"]]
    assert lines[1]["because"] == "first"
    assert run("contract", "diff", "people@1.1.0", "people@1.0.0").code == 1
    path.unlink()
    assert run("contract", "show", "people", "--text").out == draft.replace(
        "severity: warning", "severity: error"
    ).replace("version: 1.0.0", "version: 1.1.0")
    assert run("audit", "verify").code == 0


def test_what_the_data_shows_waits_for_a_vote_and_changes_no_file(run, workspace: Path) -> None:
    parked = run("contract", "infer", "people", "--propose", "--json").json
    assert parked["state"] == "parked"
    assert not (workspace / "contracts" / "people.odcs.yaml").exists()
    assert run("approve", parked["proposal"]).code == 0
    assert run("work", "--once").code == 0
    assert (workspace / "contracts" / "people.odcs.yaml").exists()
    assert "says all that the data shows" in run("contract", "infer", "people", "--propose").err


def test_consumers_are_asked_before_and_named(run, workspace: Path) -> None:
    folder = workspace / "contracts" / "consumers" / "people"
    folder.mkdir(parents=True)
    (folder / "churn.yaml").write_text(CONSUMER, encoding="utf-8")
    assert run("contract", "infer", "people").code == 0
    compat = run("contract", "check-compat", "people", "--json")
    assert compat.code == 1
    assert "mail" in compat.json["consumers"]["churn"][0]
    assert run("contract", "publish", "people", "--yes").code == 0
    path = workspace / "contracts" / "people.odcs.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("name: city", "name: town\n        physicalName: city"))
    assert run("contract", "publish", "people", "--yes").code == 0  # only the contract's own name
    text = path.read_text(encoding="utf-8")
    column = "      - name: town\n        physicalName: city\n        logicalType: string\n"
    path.write_text(text.replace(column, ""), encoding="utf-8")
    refused = run("contract", "publish", "people", "--yes")
    assert (refused.code, "it breaks churn" in refused.err) == (2, True)
    prepared = ("--migration", "read town", "--deprecated-until", "2099-12-31", "--yes", "--json")
    assert run("contract", "publish", "people", *prepared).json["state"] == "parked"
    [asked] = [one for one in run("item", "--json").json if one["owner"] == "cleo"]
    assert asked["title"].startswith("churn: be ready by 2099-12-31")
    unreadable = run("contract", "publish", "people", "--because", "\udcff")
    assert (unreadable.code, "is not text in UTF-8" in unreadable.err) == (2, True)


def test_promoting_says_what_would_fail_there(run, workspace: Path) -> None:
    data = (workspace / "people.csv").read_text(encoding="utf-8")
    clean = data.replace("n/a", "555-0100").replace("N/A", "555-0100")
    (workspace / "people_staging.csv").write_text(clean, encoding="utf-8")
    assert run("add", "people_staging.csv", "--owner", "ana").code == 0
    path = workspace / "contracts" / "people_staging.odcs.yaml"
    path.write_text(STAGING, encoding="utf-8")
    promote = ("contract", "promote", "people", "--from", "staging", "--to", "production")
    unknown = run(*promote)
    assert (unknown.code, "environments:" in unknown.err) == (2, True)
    with (workspace / "ostler.yaml").open("a", encoding="utf-8") as settings:
        settings.write("environments:\n  staging: {people: people_staging}\n  production: {}\n")
    assert "nothing to promote" in run(*promote).err
    assert run("contract", "publish", "people_staging", "--yes").code == 0
    seen = run(*promote, "--propose", "--json").json
    assert [one["failing"] for one in seen["change"]["failing"]] == [2]
    assert run("contract", "history", "people", "--json").json == []
    assert run("approve", seen["proposal"]).code == 0
    assert run("work", "--once").code == 0
    assert [one["version"] for one in run("contract", "history", "people", "--json").json] == [
        "1.0.0"
    ]
    assert run("check", "people").code == 1


def test_hostile_words_in_a_contract_are_shown_harmless(run, workspace: Path) -> None:
    hostile = "\\e]8;;http://x\\a[@click=app.quit]\\u202e"
    (workspace / "contracts" / "people.odcs.yaml").write_text(
        "apiVersion: v3.1.0\nkind: DataContract\nid: people\n"
        f'team: {{name: "{hostile}"}}\nslaProperties: [{{property: "{hostile}", value: 1}}]\n'
        f'schema:\n  - name: people\n    properties: [{{name: city, description: "{hostile}"}}]\n',
        encoding="utf-8",
    )
    for command in (
        ("contract", "lint", "people"),
        ("contract", "show", "people"),
        ("contract", "publish", "people", "--because", "\x1b[2J\u202e", "--yes"),
        ("contract", "history", "people"),
    ):
        ran = run(*command)
        assert ran.code == 0
        assert not {"\x1b", "\u202e", "\a"} & {*ran.out, *ran.err}
