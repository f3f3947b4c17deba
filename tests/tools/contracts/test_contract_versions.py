"""Versions computed from a change, what is added to a contract, service levels, what lint says."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostler.core.checks import AcceptedValues, Freshness, NotNull, Range, Unique
from ostler.core.datasets import Dataset
from ostler.core.errors import BadInput, Conflict
from ostler.tables.view import View, connect, view_of
from ostler.tools.contracts.compatibility import steps_between
from ostler.tools.contracts.consuming import unmet
from ostler.tools.contracts.extending import extended
from ostler.tools.contracts.infer import Read, infer
from ostler.tools.contracts.lint import lint
from ostler.tools.contracts.parse import parse_contract
from ostler.tools.contracts.versions import level_of, next_version, number_of, raised, released

HEAD = "apiVersion: v3.1.0\nkind: DataContract\nid: t  # the id\n"
SCHEMA = "schema:\n  - name: t\n    properties:\n"
A = "      - {name: a, logicalType: integer, required: true}\n"
B = "      - {name: b, logicalType: string}\n"
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def text(*properties: str, version: str = "", head: str = HEAD) -> str:
    said = f"version: {version}  # v\n" if version else ""
    return f"{head}{said}{SCHEMA}{''.join(properties)}"


def contract(*properties: str):
    return parse_contract(text(*properties), dataset="t", source="t")


def publish(new: str, before: str | None = None, previous: str = "") -> str:
    return released(new, before, previous, dataset="t", source="t")


LOOSE_A = A.replace(", required: true", "")
WARNS = (
    "      - name: b\n        logicalType: string\n        quality:\n"
    "          - {metric: nullValues, mustBe: 0, severity: warning}\n"
)


@pytest.mark.parametrize(
    ("old", "new", "level", "version"),
    [
        ((A,), (A, B), "minor", "1.5.0"),
        ((A, B), (A,), "major", "2.0.0"),
        ((LOOSE_A,), (A,), "minor", "1.5.0"),
        ((A,), (LOOSE_A,), "major", "2.0.0"),
        # Nobody was promised what only warns.
        ((A, WARNS), (A, B), "minor", "1.5.0"),
        ((A,), (A, "      # only words\n"), "patch", "1.4.3"),
    ],
)
def test_the_version_says_what_the_change_does(old, new, level: str, version: str) -> None:
    before = text(*old, version="1.4.2")
    assert level_of(steps_between(contract(*old), contract(*new))) == level
    after = publish(text(*new, version="1.4.2"), before, "1.4.2")
    assert f"version: {version}  # v\n" in after
    assert after.replace(version, "1.4.2") == text(*new, version="1.4.2")
    # A higher one may be chosen, a lower one may not.
    assert "version: 9.0.0" in publish(text(*new, version="9.0.0"), before, "1.4.2")
    with pytest.raises(BadInput, match=f"too low for this change, which is {level}"):
        publish(text(*new, version="1.4.1"), before, "1.4.2")
    # What comes from elsewhere is raised instead.
    again = raised(text(*new, version="1.0.0"), before, "1.4.2", dataset="t", source="t")
    assert f"version: {version}  # v\n" in again


@given(st.tuples(*[st.integers(0, 10**6)] * 3), st.sampled_from(["major", "minor", "patch"]))
def test_a_next_version_is_higher_and_the_lowest_of_its_level(number, level) -> None:
    following = number_of(next_version(".".join(map(str, number)), level))
    assert following is not None
    assert following > number
    place = ("major", "minor", "patch").index(level)
    assert following[:place] == number[:place]
    assert following[place:] == (number[place] + 1, 0, 0)[: 3 - place]


def test_a_first_version_and_texts_that_cannot_be_published() -> None:
    assert "version: 1.0.0\n" in publish(text(A))
    draft = publish(text(A, version="0.1.0", head=f"{HEAD}status: draft\n"))
    assert "version: 1.0.0  # v\n" in draft
    assert "status: active\n" in draft
    assert "version: 3.0.0  # v" in publish(text(A, version="3.0.0"))
    with pytest.raises(BadInput, match=r"'spring' is not of the form 1\.2\.0"):
        publish(text(A, version="spring"))
    with pytest.raises(Conflict, match="published already"):
        publish(text(A, version="7.0.0"), text(A, version="1.0.0"), "1.0.0")


def table(**columns: list[str]) -> View:
    rows = len(next(iter(columns.values())))
    made = pa.table({"row": [str(n) for n in range(rows)], **columns})
    return view_of(made, ("row",), name="t", connection=connect())


def read_off(view: View):
    dataset = Dataset(name="t", uri="t", key=("row",), owner="ana")
    return infer(view, dataset, now=NOW)


THERE = """\
# Ours.
id: t
kind: DataContract
apiVersion: v3.1.0
schema:
  - name: t
    properties:
      - name: state   # where it stands
        logicalType: string
        quality:
        - {metric: nullValues, mustBe: 0}
      - name: sum
        physicalName: amount
        logicalType: integer
"""


def test_what_the_data_shows_comes_into_a_contract_as_warnings_and_only_once() -> None:
    numbers = [str(n * 7 % 89) for n in range(300)]
    view = table(
        state=["open", "paid"] * 150, amount=numbers, mail=[f"a{n}@x.org" for n in range(300)]
    )
    more = extended(THERE, read_off(view), dataset="t", source="t")
    assert more.columns == ("row", "mail")
    rules = [read.rule for read in more.added]
    assert AcceptedValues(column="state", values=("open", "paid")) in rules
    assert NotNull(column="state") not in rules  # it says so already
    assert any(isinstance(rule, Range) and rule.column == "amount" for rule in rules)
    assert Unique(on=("mail",)) in rules
    before, after = (parse_contract(one, dataset="t", source="t") for one in (THERE, more.text))
    assert not [c for c in after.checks if c not in before.checks and c.gate and not c.rule.columns]
    assert {c.rule.kind for c in after.checks if c.gate} == {"not_null", "type"}
    # Every line that was there stands there still, in order.
    kept = iter(more.text.splitlines())
    assert all(line in kept for line in THERE.splitlines())
    again = extended(more.text, read_off(view), dataset="t", source="t")
    assert (again.text, again.added, again.columns) == (more.text, (), ())


@given(st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_nobody_is_surer_than_the_rows_say(counts) -> None:
    holding, total = counts
    sure = Read(NotNull(column="a"), holding, total).sure
    assert 0 <= sure <= holding / total + 1e-6
    more = Read(NotNull(column="a"), 10 * holding, 10 * total).sure
    assert more >= sure - 1e-6


def test_how_old_data_may_be_is_a_check_and_other_service_levels_are_kept() -> None:
    levels = (
        "slaDefaultElement: t.b\nslaProperties:\n"
        "  - {property: latency, value: 2, unit: d}\n"
        "  - {property: freshness, value: 90, unit: minutes, element: 't.a, u.x'}\n"
        "  - {property: retention, value: 3, unit: y}\n"
    )
    read = parse_contract(text(A, B, head=HEAD + levels), dataset="t", source="t")
    ages = {c.rule.column: c.rule.max_age_hours for c in read.checks if c.rule.kind == "freshness"}
    assert ages == {"b": 48, "a": 1.5}
    assert all(c.gate for c in read.checks if isinstance(c.rule, Freshness))
    assert [one for one in read.unmeasured if "retention" in one]
    for wrong in ("value: -1", "value: soon", "value: 2, unit: moons", "value: 2, element: t.c"):
        broken = HEAD + f"slaProperties: [{{property: latency, element: t.b, {wrong}}}]\n"
        broken = broken.replace("element: t.b, value: 2, element", "value: 2, element")
        with pytest.raises(BadInput, match=r"slaProperties\[0\]"):
            parse_contract(text(A, B, head=broken), dataset="t", source="t")


WRONG = """\
apiVersion: v3.1.0
kind: DataContract
id: t
schema:
  - name: t
    properties:
      - name: a
        logicalType: strin
        requird: true
        quality:
          - metric: nullValue
            mustBe: 0
"""
DOUBTFUL = """\
kind: DataContract
schema:
  - name: t
    properties:
      - name: gone
      - name: a
        quality:
          - {metric: nullValues, mustBe: 0}
          - {metric: invalidValues, mustBe: 0, arguments: {pattern: "(?=a)b"}}
          - {metric: nullValues, mustBe: 0, description: again}
          - {type: text, description: Looks nice.}
"""


def test_lint_names_the_line_of_everything_that_is_wrong() -> None:
    def found(body: str) -> set[tuple[str, int | None]]:
        problems = lint(body, dataset="t", source="t", columns=["a", "extra"])
        assert all(one.message for one in problems)
        return {(one.level, one.line) for one in problems if one.level != "hint"}

    assert found(WRONG) == {("error", 8), ("error", 9), ("error", 11)}
    assert found(DOUBTFUL) == {("error", 5), ("error", 9), ("warning", 10), ("warning", 11)}
    assert found("id: [\n") == {("error", 2)}
    hints = lint(DOUBTFUL, dataset="t", source="t", columns=["a", "extra"])
    assert any("'extra'" in one.message for one in hints if one.level == "hint")
    good = f"team: {{name: us}}\ndescription: {{purpose: tests}}\n{text(A)}"
    assert lint(good, dataset="t", source="t", columns=["a"]) == ()


def test_a_consumer_counts_on_columns_types_and_promises() -> None:
    needs = contract(A, "      - {name: b, logicalType: number}\n")
    assert unmet(contract(A, "      - {name: b, logicalType: integer}\n"), needs) == ()
    [lacking] = unmet(contract(A), needs)
    assert "'b'" in lacking
    [typed] = unmet(contract(A, B), needs)
    assert "number" in typed
    [promise] = unmet(contract(LOOSE_A, "      - {name: b, logicalType: number}\n"), needs)
    assert "a has no missing value" in promise
