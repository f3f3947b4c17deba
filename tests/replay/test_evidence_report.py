"""What a bundle is about, exactly; what it holds; and what its report answers."""

import io
import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from bundles import Files, unpacked

from ostler.cli.opening import Opened
from ostler.config.workspace import open_workspace
from ostler.replay.evidence import scope
from ostler.store.times import instant
from ostler.telemetry.traceparent import derived

PAGE = Path(__file__).parents[2] / "docs" / "evidence.md"
KEYS = {"roster", "log.key"}
"""Subjects and kinds of entries by which all others are checked, so that each bundle has them."""


@dataclass(frozen=True)
class World:
    """What there is of each dataset, by id, and a time between the two."""

    runs: dict[str, str]
    cards: dict[str, dict[str, str]]
    """Of each dataset its proposals, each with its item."""
    between: str

    def of(self, dataset: str, *cards: str) -> set[str]:
        """What belongs together: a dataset and its run, and some cards with their items."""
        return {dataset, self.runs[dataset], *cards, *(self.cards[dataset][c] for c in cards)}

    def everything(self) -> set[str]:
        return self.of("people", *self.cards["people"]) | self.of("places", *self.cards["places"])


@pytest.fixture
def world(run, signed: Path) -> World:
    cards: dict[str, dict[str, str]] = {"people": {}, "places": {}}
    for card in run("queue", "--state", "all", "--json").json:
        item = run("show", card["id"], "--json").json["item"]
        cards[card["dataset"]][card["id"]] = item
    runs = {one["dataset"]: one["run"] for one in run("trace", "--json").json}
    started = [e for e in run("log", "--json").json if e["kind"] == "run.started"]
    [between] = [e["at"] for e in started if e["subject"] == runs["people"]]
    assert len(cards["people"]) > 1 and cards["places"]
    return World(runs, cards, between)


def subjects(files: Files) -> set[str]:
    """What the entries of a bundle are about."""
    entries = [json.loads(line) for line in files["log.jsonl"].splitlines()]
    return {e["subject"] for e in entries if not {e["subject"], e["kind"]} & KEYS}


def test_a_bundle_is_about_what_was_asked_for_and_nothing_else(run, world: World) -> None:
    people, places = world.cards["people"], world.of("places", *world.cards["places"])
    assert len({*people.values()}) > 1
    item = max(people.values())
    for_it = [card for card, its in people.items() if its == item]
    for option, value, wanted in (
        ("--item", item, world.of("people", *for_it)),
        ("--run", world.runs["places"], places),
        ("--dataset", "people", world.of("people", *people)),
        ("--since", "2000-01-01", world.everything()),
    ):
        assert run("audit", "export", option, value, "one.zip").code == 0
        files = unpacked(Path("one.zip"))
        assert subjects(files) == wanted
        # A run's own record, and its spans, speak of all that it made.
        about = {n: b for n, b in files.items() if n.partition("/")[0] not in ("objects", "traces")}
        for absent in world.everything() - wanted - {"people", "places"}:
            assert not [name for name, body in about.items() if absent.encode() in body], absent
    parts = Opened(open_workspace(Path(), search=False))
    with parts.store.reading() as session:
        late = scope.since(session, instant(world.between))
    parts.close()
    assert {*late.subjects} == world.of("people", *people)


@pytest.fixture
def bundle(run, signed: Path) -> Files:
    """Of people; masked of nothing."""
    assert run("audit", "export", "--dataset", "people", "people.zip").code == 0
    return unpacked(signed / "people.zip")


def test_patches_policies_prompts_replies_and_traces_are_in_it(
    run, signed: Path, bundle: Files, world: World
) -> None:
    of_patches = [name for name in bundle if name.endswith(".parquet")]
    assert len(of_patches) > 1
    for name in of_patches:
        table = pq.read_table(io.BytesIO(bundle[name]))
        shape, *lines = bundle[name.replace(".parquet", ".lines")].decode().splitlines()
        assert shape == "null"
        changes = [
            [row[c] for c in ("op", "row", "column", "old", "new")] for row in table.to_pylist()
        ]
        assert sorted(map(str, changes)) == sorted(str(json.loads(line)) for line in lines)
        assert changes
    objects = {n.partition("/")[2]: b.decode() for n, b in bundle.items() if "objects/" in n}
    [published] = run("queue", "--state", "published", "--json").json
    policies = objects[run("show", published["id"], "--json").json["verdict"]["policy"]]
    for file in (signed / "policies").glob("*.cedar"):
        assert json.dumps(file.read_text()) in policies
    asked = json.loads((signed / "asked.json").read_text())
    [prompt] = [m["content"] for m in asked["messages"] if m["role"] == "system"]
    assert any(text.strip() == prompt.strip() for text in objects.values())
    assert any('\\"rationale\\": \\"Plausible.\\"' in text for text in objects.values())
    traces = {n: json.loads(b) for n, b in bundle.items() if n.startswith("traces/")}
    trace = derived("run", world.runs["people"]).split("-")[1]
    spans = {span["name"] for span in traces.pop(f"traces/{trace}.json")}
    assert {"invoke_workflow groom", "chat scripted"} <= spans
    [executed] = traces.values()
    assert "groom.execute publish" in {span["name"] for span in executed}


class Report(HTMLParser):
    """A report as its rows of cells, under `heading 2 / heading 3`."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.headings: list[str] = []
        self.rows: dict[str, list[list[str]]] = {}
        self._at = ["", ""]
        self._tag = ""
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._tag = tag
        if tag in ("tr", "p"):
            self._under.append([])
        if tag in ("td", "th"):
            self._under[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self._tag = ""

    def handle_data(self, data: str) -> None:
        if self._tag in ("h2", "h3"):
            self.headings.append(data)
            self._at = [data, ""] if self._tag == "h2" else [self._at[0], data]
        elif self._tag == "p":
            self._under[-1].append(data)
        elif self._tag in ("td", "th"):
            self._under[-1][-1] = data

    @property
    def _under(self) -> list[list[str]]:
        return self.rows.setdefault(" / ".join(self._at), [])

    def of(self, proposal: str, section: str) -> list[list[str]]:
        [found] = [
            rows
            for name, rows in self.rows.items()
            if name.startswith(f"{proposal}: ") and name.endswith(f" / {section}")
        ]
        return found


def test_the_report_answers_each_question_of_each_proposal(
    run, bundle: Files, world: World, own_key: Path
) -> None:
    report = Report(bundle["report.html"])
    [published] = run("queue", "--state", "published", "--json").json
    name = published["id"]
    card = run("show", name, "--json").json
    [cast] = [e for e in run("log", "--json").json if e["kind"] == "vote.cast"]
    told = subprocess.run(
        ["ssh-keygen", "-lf", own_key], capture_output=True, text=True, check=True, timeout=60
    )
    fingerprint = told.stdout.split()[1]

    def has(section: str, *row: str) -> None:
        assert [*row] in report.of(name, section), (section, row)

    def second(at: str) -> str:
        return at[:19] + "+00:00"

    # Who decided what, and when.
    roles = "administrator, owner"
    person = ("ana", "approve", second(cast["at"]), roles, "request 7", fingerprint)
    has("Who decided, and when", *person)
    # On what, and on what evidence.
    has("What was proposed, on what", "patch", card["patch"]["digest"])
    has("What was proposed, on what", "dataset", "people, version 0")
    has("What was proposed, on what", "1", "phone", "n/a", "(missing)")
    has("What was proposed, on what", "digest that votes are bound to", card["digest"])
    why = "Why: evidence, dry run, rank"
    has(why, "evidence", card["draft"]["evidence"]["summary"])
    has(why, "phone is never 'n/a'", "7", "0", "60")
    # Why it was ranked so.
    has(why, "rank", f"{card['rank']['score']:.3f}", "because")
    for part in card["rank"]["parts"]:
        has(why, part["name"], f"{part['value']:g}", part["because"])
    # Under which policy.
    has("Under which policy", "verdict", "1 vote")
    has("Under which policy", "policy set", card["verdict"]["policy"])
    has("Under which policy", "one-vote", "A change needs one approval.")
    # What ran, with what effect.
    ran = "What ran, with what effect"
    for fact in (("outcome", "published"), ("version before", "0"), ("version after", "1")):
        has(ran, *fact)
    has(ran, "phone is never 'n/a'", "0", "yes")
    has("In the log", str(cast["index"]), cast["at"], "ana", "vote.cast")
    for other in {*world.cards["people"]} - {name}:
        assert report.of(other, "Who decided, and when") == [["Nobody has voted."]]
        assert report.of(other, ran) == [["Nothing: the table is as it was."]]


def named(article: str) -> Iterator[str]:
    """What a row of the page names: sections in italics, files in code."""
    yield from re.findall(r"(?<!\*)\*([^*]+)\*(?!\*)|`([^` ]+)`", article)


def test_each_section_and_file_that_an_article_is_mapped_to_is_there(bundle: Files) -> None:
    headings = Report(bundle["report.html"]).headings
    rows = [
        line
        for line in PAGE.read_text(encoding="utf-8").splitlines()
        if re.match(r"\| \d+, ", line)
    ]
    assert [row[2:4] for row in rows] == ["12", "13", "14", "19", "26"]
    for row in rows:
        sections = [section for section, _ in named(row) if section]
        for section in sections:
            assert any(re.fullmatch(f"{re.escape(section)}( R-.*)?", one) for one in headings)
        for _, file in named(row):
            assert not file or any(name.startswith(file) for name in bundle), file
        assert any(map(any, named(row)))
