"""Contracts in ODCS v3: what they mean as checks, and what is said of a wrong one."""

import pytest

from ostler.core.checks import (
    AcceptedValues,
    AnyRule,
    Check,
    Dependency,
    ForeignKey,
    Freshness,
    Learned,
    NotNull,
    Pattern,
    Range,
    RejectedValues,
    RowCount,
    RowRule,
    Severity,
    TypeIs,
    Unique,
)
from ostler.core.errors import BadInput
from ostler.core.row_rules import Format, Holds, LengthBetween, RequiredIf
from ostler.core.table_rules import (
    Agreement,
    Balance,
    Declared,
    Fairness,
    Gaps,
    Schema,
    Total,
    Volume,
)
from ostler.tools.contracts.contract import Contract
from ostler.tools.contracts.parse import parse_contract

HEAD = """
apiVersion: v3.1.0
kind: DataContract
id: people
name: people of the shop
version: 1.2.0
status: active
team:
  name: sales
  members:
    - {username: bo, role: steward}
    - {username: ana, role: owner}
customProperties:
  - {property: ostler.downstream, value: [churn model, weekly report]}
"""


def parsed(body: str, head: str = HEAD) -> Contract:
    text = f"{head}\n{body}"
    return parse_contract(text, dataset="people", source="contracts/people.odcs.yaml")


def checks_of(property_lines: str, more: str = "") -> tuple[Check, ...]:
    """The checks of a table with a column `a`, described further, and a column `b`."""
    lines = "\n".join(f"        {line}" for line in property_lines.strip().splitlines())
    body = (
        f"schema:\n  - name: people\n    properties:\n      - name: a\n{lines}\n      - name: b\n"
    )
    return parsed(body + more).checks


def problems_of(body: str, head: str = HEAD) -> list[str]:
    with pytest.raises(BadInput) as raised:
        parsed(body, head)
    lines = raised.value.message.splitlines()
    assert all(line.startswith("contracts/people.odcs.yaml: ") for line in lines)
    assert raised.value.hint
    return [line.removeprefix("contracts/people.odcs.yaml: ") for line in lines]


def test_a_contract_keeps_who_answers_and_who_consumes() -> None:
    body = """
schema:
  - name: people
    properties:
      - {name: a, logicalType: integer, classification: restricted}
      - {name: b, physicalName: B 2, logicalType: string}
      - {name: c, customProperties: [{property: ostler.protected, value: true}]}
"""
    contract = parsed(body)
    assert (contract.name, contract.version, contract.status) == (
        "people of the shop",
        "1.2.0",
        "active",
    )
    assert contract.owner == "ana"
    assert contract.downstream == ("churn model", "weekly report")
    assert contract.types == {"a": "integer", "B 2": "string"}
    assert contract.protected == ("a", "c")
    assert contract.digest == parsed(body).digest != parsed(body + "# a comment\n").digest


@pytest.mark.parametrize(
    ("lines", "rules"),
    [
        ("required: true", [NotNull(column="a")]),
        ("unique: true", [Unique(on=("a",))]),
        ("primaryKey: true", [NotNull(column="a"), Unique(on=("a",))]),
        ("logicalType: string", []),
        ("logicalType: date", [TypeIs(column="a", type="date")]),
        (
            "logicalType: integer\nlogicalTypeOptions: {minimum: 1, exclusiveMaximum: 9}",
            [TypeIs(column="a", type="integer"), Range(column="a", minimum=1, maximum=8)],
        ),
        (
            "logicalTypeOptions: {pattern: '[a-z]+', minLength: 2, maxLength: 5}",
            [
                Pattern(column="a", regex="[a-z]+"),
                LengthBetween(column="a", minimum=2, maximum=5),
            ],
        ),
        ("enum: [{value: x}, {value: y}]", [AcceptedValues(column="a", values=("x", "y"))]),
        (
            "relationships: [{to: cities.name}]",
            [ForeignKey(on=("a",), dataset="cities", references=("name",))],
        ),
        ("quality: [{metric: nullValues, mustBe: 0}]", [NotNull(column="a")]),
        ("quality: [{metric: duplicateValues, mustBe: 0}]", [Unique(on=("a",))]),
        ("quality: [{metric: missingValues, mustBe: 0}]", [NotNull(column="a")]),
        (
            "quality: [{metric: missingValues, mustBe: 0,"
            " arguments: {missingValues: [null, N/A]}}]",
            [RejectedValues(column="a", values=("N/A",)), NotNull(column="a")],
        ),
        (
            "quality: [{metric: invalidValues, mustBe: 0, arguments: {validValues: [no, 1, on]}}]",
            [AcceptedValues(column="a", values=("no", "1", "on"))],
        ),
        (
            "quality: [{metric: invalidValues, mustBe: 0, arguments: {pattern: '[0-9]{5}'}}]",
            [Pattern(column="a", regex="[0-9]{5}")],
        ),
        (
            "quality: [{type: custom, engine: ostler, implementation:"
            " {rule: dependency, determinants: b}}]",
            [Dependency(determinants=("b",), dependent="a")],
        ),
        (
            "quality: [{type: custom, engine: ostler, implementation:"
            " {rule: row_rule, operator: <=, right: b}}]",
            [RowRule(left="a", operator="<=", right="b")],
        ),
        (
            "quality: [{type: custom, engine: ostler, implementation:"
            " {rule: freshness, max_age_hours: 24}}]",
            [Freshness(column="a", max_age_hours=24)],
        ),
        (
            "quality: [{type: custom, engine: ostler, implementation:"
            " {rule: foreign_key, dataset: cities, references: name}}]",
            [ForeignKey(on=("a",), dataset="cities", references=("name",))],
        ),
    ],
)
def test_what_a_column_promises_becomes_checks(lines: str, rules: list[AnyRule]) -> None:
    assert [check.rule for check in checks_of(lines)] == rules


def test_what_the_table_promises_becomes_checks() -> None:
    more = """
    relationships:
      - {from: [people.a, people.b], to: [pairs.x, pairs.y]}
    quality:
      - {metric: rowCount, mustBeBetween: [10, 20]}
      - {metric: duplicateValues, arguments: {properties: [a, b]}, mustBe: 0}
"""
    assert [check.rule for check in checks_of("", more)] == [
        ForeignKey(on=("a", "b"), dataset="pairs", references=("x", "y")),
        RowCount(minimum=10, maximum=20),
        Unique(on=("a", "b")),
    ]


def test_the_key_is_ordered_by_its_positions_and_named_as_the_table_names_it() -> None:
    body = """
schema:
  - name: people
    properties:
      - {name: a, primaryKey: true, primaryKeyPosition: 2}
      - {name: b, physicalName: B 2, primaryKey: true, primaryKeyPosition: 1}
"""
    assert parsed(body).checks[-1].rule == Unique(on=("B 2", "a"))


@pytest.mark.parametrize(
    ("limit", "failing", "share"),
    [
        ("mustBe: 0", 0, 0),
        ("mustBeLessThan: 5", 4, 0),
        ("mustBeLessOrEqualTo: 5, unit: rows", 5, 0),
        ("mustBeBetween: [0, 7]", 7, 0),
        ("mustBeLessOrEqualTo: 5, unit: percent", None, 0.05),
        ("mustBeLessThan: 5, unit: percent", None, 0.049999),
    ],
)
def test_operators_become_what_a_check_bears(limit: str, failing: int | None, share: float) -> None:
    (check,) = checks_of(f"quality: [{{metric: nullValues, {limit}}}]")
    assert (check.max_failing, check.max_share) == (failing, share)


@pytest.mark.parametrize(
    ("operator", "bounds"),
    [
        ("mustBe: 5", (5, 5)),
        ("mustBeGreaterThan: 5", (6, None)),
        ("mustBeGreaterOrEqualTo: 5", (5, None)),
        ("mustBeLessThan: 5", (None, 4)),
        ("mustBeLessOrEqualTo: 5", (None, 5)),
    ],
)
def test_row_counts_are_bounded_on_either_side(
    operator: str, bounds: tuple[int | None, int | None]
) -> None:
    (check,) = checks_of("", f"    quality: [{{metric: rowCount, {operator}}}]")
    assert check.rule == RowCount(minimum=bounds[0], maximum=bounds[1])


@pytest.mark.parametrize(
    ("severity", "expected"),
    [
        ("", (Severity.MEDIUM, True)),
        (", severity: error", (Severity.HIGH, True)),
        (", severity: warning", (Severity.MEDIUM, False)),
        (", severity: info", (Severity.LOW, False)),
    ],
)
def test_severity_says_how_bad_and_whether_it_stops(
    severity: str, expected: tuple[Severity, bool]
) -> None:
    (check,) = checks_of(f"quality: [{{metric: nullValues, mustBe: 0, name: n{severity}}}]")
    assert (check.severity, check.gate, check.name) == (*expected, "n")


def test_what_is_not_measured_is_said_and_not_refused() -> None:
    body = """
schema:
  - name: people
    properties:
      - {name: a, logicalType: date, logicalTypeOptions: {minimum: '2020-01-01'}}
      - {name: b, logicalType: object}
    quality:
      - {type: sql, query: SELECT 1, mustBe: 1}
      - {type: custom, engine: soda, implementation: x}
      - {type: text, description: be nice}
"""
    contract = parsed(body)
    assert [check.rule for check in contract.checks] == [TypeIs(column="a", type="date")]
    assert [sentence.partition(" ")[0].rstrip(":") for sentence in contract.unmeasured] == [
        "schema[0].properties[0].logicalTypeOptions.minimum",
        "schema[0].properties[1]",
        "schema[0].quality[0]",
        "schema[0].quality[1]",
        "schema[0].quality[2]",
    ]


def test_every_problem_is_said_at_once_with_its_place_and_a_suggestion() -> None:
    body = """
schema:
  - name: people
    properties:
      - {name: a, requierd: true}
      - name: b
        logicalType: integr
      - name: c
        required: perhaps
"""
    assert problems_of(body) == [
        "schema[0].properties[0].requierd is not a key of ODCS; did you mean 'required'?",
        "schema[0].properties[2].required: should be a valid boolean, unable to interpret input",
        "schema[0].properties[1].logicalType: 'integr' is not known; did you mean 'integer'?",
    ]


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ("logicalType: integr", "properties[0].logicalType: 'integr' is not known; did you mean"),
        ("logicalType: integer\nlogicalTypeOptions: {maxmum: 3}", "did you mean 'maximum'?"),
        ("logicalType: number\nlogicalTypeOptions: {minimum: x}", "'x' is not a number"),
        ("logicalType: number\nlogicalTypeOptions: {minimum: 2, maximum: 1}", "no number lies"),
        ("quality: [{metric: nulValues, mustBe: 0}]", "did you mean 'nullValues'?"),
        ("quality: [{metric: nullValues}]", "has no limit"),
        ("quality: [{metric: nullValues, mustBeGreaterThan: 3}]", "is no upper limit"),
        ("quality: [{metric: nullValues, mustBe: 0, mustBeLessThan: 2}]", "a rule has one limit"),
        ("quality: [{metric: nullValues, mustBe: zero}]", "'zero' is not a number"),
        ("quality: [{metric: nullValues, mustBe: 0, severity: eror}]", "did you mean 'error'?"),
        ("quality: [{metric: nullValues, mustBe: 0, unit: precent}]", "did you mean 'percent'?"),
        ("quality: [{metric: nullValues, mustBe: 0, dimension: fun}]", "'fun' is not known"),
        ("quality: [{metric: invalidValues, mustBe: 0}]", "needs the argument validValues"),
        (
            "quality: [{metric: invalidValues, mustBe: 0, arguments: {validValus: [a]}}]",
            "did you mean 'validValues'?",
        ),
        (
            "quality: [{metric: invalidValues, mustBe: 0, arguments: {validValues: [1.50]}}]",
            "put it in quotes",
        ),
        (
            "quality: [{type: custom, engine: ostler, implementation: {rule: dependenci}}]",
            "did you mean 'dependency'?",
        ),
        (
            "quality: [{type: custom, engine: ostler, implementation:"
            " {rule: dependency, determinants: [bb]}}]",
            "names column 'bb', which the schema does not list; did you mean 'b'?",
        ),
        (
            "quality: [{type: custom, engine: ostler, implementation: {rule: freshness}}]",
            "implementation.max_age_hours: Field required",
        ),
        (
            "logicalType: number\nquality: [{type: custom, engine: ostler,"
            " implementation: {rule: range, minimun: 1}}]",
            "implementation.minimun is not a key of the rule 'range'; did you mean 'minimum'?",
        ),
        (
            "quality: [{type: custom, engine: ostler, implementation: {rule: range, minimum: 1}}]",
            "needs column 'a' to have the logicalType integer or number",
        ),
        ("relationships: [{to: cities}]", "as dataset.column"),
        (
            "required: true\nquality: [{metric: nullValues, mustBeLessThan: 9}]",
            "is written twice, with different limits",
        ),
    ],
)
def test_a_wrong_rule_is_named_with_what_it_could_have_been(lines: str, problem: str) -> None:
    with pytest.raises(BadInput) as raised:
        checks_of(lines)
    said = raised.value.message.splitlines()
    assert all(line.startswith("contracts/people.odcs.yaml: ") for line in said)
    assert any(problem in line for line in said)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: [1", "line 2, column 1:"),
        ("kind: x\nkind: y", "line 2, column 1: the key 'kind' stands here a second time"),
        ("a: &x 1\nb: *x", "line 2, column 4: a reference"),
        ("!!python/object/apply:os.system [true]", "line 1, column 1:"),
        ("- 1", "there is no contract in it, only list"),
        ("", "there is no contract in it, only NoneType"),
        ("\x00", "unacceptable character"),
        ("apiVersion: v2.2.0\nschema: [{name: people}]", "'v2.2.0' is not a version v3.x of ODCS"),
        ("schema: [{name: x}, {name: y}]", "schema has no object named 'people'; it has x, y"),
        ("team: 5", "team: should be a valid"),
    ],
)
def test_a_text_that_is_no_contract_is_refused_with_its_place(text: str, problem: str) -> None:
    with pytest.raises(BadInput, match="contracts/people") as raised:
        parsed("", head=text)
    assert problem in raised.value.message


def custom(rule: str) -> str:
    return f"quality: [{{type: custom, engine: ostler, implementation: {{{rule}}}}}]"


@pytest.mark.parametrize(
    ("lines", "rules"),
    [
        (
            custom("rule: required_if, when: \"b='x'\""),
            [RequiredIf(column="a", when="b = 'x'")],
        ),
        (custom("rule: length, maximum: 3"), [LengthBetween(column="a", maximum=3)]),
        (custom("rule: format, format: iban"), [Format(column="a", format="iban")]),
        ("logicalTypeOptions: {format: email}", [Format(column="a", format="email")]),
        (custom("rule: condition, holds: a*2 = b"), [Holds(holds="a * 2 = b")]),
        (
            custom("rule: balance, right: b, by: b, tolerance: 0.5"),
            [Balance(left="a", right="b", by=("b",), tolerance=0.5)],
        ),
        (
            custom("rule: total, by: b, dataset: orders, references: id, equals: sum"),
            [Total(column="a", by=("b",), dataset="orders", references=("id",), equals="sum")],
        ),
        (
            custom("rule: agreement, on: b, dataset: prices, references: sku, equals: price"),
            [
                Agreement(
                    column="a", on=("b",), dataset="prices", references=("sku",), equals="price"
                )
            ],
        ),
        (
            custom("rule: volume, every: day, minimum: 5"),
            [Volume(column="a", every="day", minimum=5)],
        ),
        (custom("rule: gaps, every_hours: 24"), [Gaps(column="a", every_hours=24)]),
        (
            custom("rule: fairness, outcome: b = 'yes', limit: 0.1"),
            [Fairness(column="a", outcome="b = 'yes'", limit=0.1)],
        ),
        (
            "classification: pii\n" + custom("rule: fairness, outcome: b = 'yes', limit: 0.1"),
            [Fairness(column="a", outcome="b = 'yes'", limit=0.1, anonymous=True)],
        ),
    ],
)
def test_rules_of_every_dimension_are_written_in_yaml(lines: str, rules: list[AnyRule]) -> None:
    assert [check.rule for check in checks_of(lines)] == rules


def test_the_columns_that_a_schema_rule_means_are_those_of_the_contract() -> None:
    body = """
schema:
  - name: people
    properties:
      - {name: id, physicalName: ID, logicalType: integer, physicalType: BIGINT}
      - {name: city, classification: Restricted}
    quality:
      - {type: custom, engine: ostler, implementation: {rule: schema, extra: allowed}}
      - {type: custom, engine: ostler, implementation: {rule: condition, holds: id > 0}}
"""
    contract = parsed(body)
    columns = (Declared(column="ID", type="integer", stored="BIGINT"), Declared(column="city"))
    assert Schema(declared=columns, extra="allowed") in [c.rule for c in contract.checks]
    assert Holds(holds="ID > 0") in [c.rule for c in contract.checks]
    assert contract.classes == {"city": "Restricted"}


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (
            custom("rule: condition, holds: a >"),
            "implementation.holds: a column, a number or",
        ),
        (custom("rule: condition, holds: aa > 1"), "names column 'aa', which the schema does not"),
        (custom("rule: length"), "implementation: length needs a minimum or a maximum"),
        (custom("rule: format, format: ibann"), "implementation.format: should be 'email'"),
        (custom("rule: total, by: b, dataset: o, equals: x"), "must name as many columns"),
        ("logicalTypeOptions: {minLength: 4, maxLength: 2}", "no length lies between"),
        (
            "quality: [{metric: nullValues, mustBe: 0,"
            " customProperties: [{property: ostler.threshold, value: learned}]}]",
            "has mustBe although its limits are learned",
        ),
        (
            "quality: [{type: custom, engine: ostler,"
            " implementation: {rule: freshness, max_age_hours: 1},"
            " customProperties: [{property: ostler.threshold, value: learned}]}]",
            "the limits of a rule 'freshness' cannot be learned",
        ),
    ],
)
def test_a_wrong_rule_of_these_is_named_as_well(lines: str, problem: str) -> None:
    with pytest.raises(BadInput) as raised:
        checks_of(lines)
    assert problem in raised.value.message


def test_limits_can_be_learned_for_any_rule_about_rows_and_for_their_number() -> None:
    learned = "customProperties: [{property: ostler.threshold, value: learned}]"
    (check,) = checks_of(f"quality: [{{metric: nullValues, {learned}}}]")
    assert (check.rule, check.learned) == (NotNull(column="a"), Learned())
    body = f"schema: [{{name: people, quality: [{{metric: rowCount, {learned}}}]}}]"
    (check,) = parsed(body).checks
    assert (check.rule, check.learned) == (RowCount(), Learned())
