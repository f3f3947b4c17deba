"""Which readers can go on after a contract changed, and contracts that follow their table."""

import pytest

from ostler.core.errors import BadInput
from ostler.core.schema import Compatibility, Field, Shape
from ostler.tools.contracts.compatibility import compatibility_of, steps_between
from ostler.tools.contracts.contract import Contract
from ostler.tools.contracts.editing import edit_contract
from ostler.tools.contracts.parse import parse_contract

HEAD = "apiVersion: v3.1.0\nkind: DataContract\nid: t\nversion: 1.0.0\nstatus: active\n"
A = Field(name="a", type="VARCHAR")
B = Field(name="b", type="BIGINT")


def contract(properties: str) -> Contract:
    text = f"{HEAD}schema:\n  - name: t\n    properties:\n{properties}"
    return parse_contract(text, dataset="t", source="t.odcs.yaml")


INT = "      - {name: a, logicalType: integer}\n"


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (INT, "full"),
        (INT + "      - {name: b, logicalType: string}\n", "full"),
        ("      - {name: b, logicalType: integer}\n", "forward"),
        ("      - {name: a, logicalType: number}\n", "forward"),
        ("      - {name: a, logicalType: string}\n", "none"),
        ("      - {name: a, logicalType: integer, required: true}\n", "backward"),
        ("      - {name: a, logicalType: string, required: true}\n", "none"),
    ],
)
def test_the_class_of_a_change(new: str, expected: str) -> None:
    steps = steps_between(contract(INT), contract(new))
    assert compatibility_of(steps) == Compatibility(expected)
    back = compatibility_of(steps_between(contract(new), contract(INT)))
    # What lets old readers go on lets new ones read old data when it is turned round.
    assert back.backward == compatibility_of(steps).forward or "b" in new


TEXT = (
    HEAD
    + """\
schema:
  - name: t
    properties:
      - name: a   # the a
        physicalName: stored_a
        logicalType: string
        quality:
          - {metric: nullValues, mustBe: 0}
      # Only b.
      - name: b
        logicalType: integer
        quality:
          - type: custom
            engine: ostler
            implementation:
              rule: range
              minimum: 0
    quality:
      - metric: duplicateValues
        arguments:
          properties: [a, b]
        mustBe: 0
"""
)


def edited(text: str, shape: Shape) -> Contract:
    edit = edit_contract(text, shape, dataset="t", source="t.odcs.yaml")
    return parse_contract(edit.after, dataset="t", source="t.odcs.yaml")


def test_a_column_with_a_name_of_its_own_in_the_table_keeps_the_one_in_the_contract() -> None:
    stored = A.model_copy(update={"name": "stored_a"})
    new = A.model_copy(update={"name": "x: [y"})
    shape = Shape(before=(stored, B), after=(new, B), renames=((stored.name, new.name),))
    edit = edit_contract(TEXT, shape, dataset="t", source="t.odcs.yaml")
    assert "- name: a   # the a" in edit.after
    after = edited(TEXT, shape)
    assert after.columns == ("x: [y", "b")
    assert ("x: [y", "b") in {check.rule.columns for check in after.checks}


def test_rules_that_do_not_fit_a_new_type_go_and_all_others_stay() -> None:
    stored = A.model_copy(update={"name": "stored_a"})
    text = B.model_copy(update={"type": "VARCHAR"})
    after = edited(TEXT, Shape(before=(stored, B), after=(stored, text)))
    assert after.types["b"] == "string"
    kinds = {(check.rule.kind, check.rule.columns) for check in after.checks}
    assert kinds == {("not_null", ("stored_a",)), ("unique", ("stored_a", "b"))}


def test_a_contract_that_is_not_written_line_by_line_is_refused() -> None:
    flow = HEAD + "schema: [{name: t, properties: [{name: a}, {name: b}]}]\n"
    with pytest.raises(BadInput, match="cannot be brought in line"):
        edit_contract(flow, Shape(before=(A, B), after=(A,)), dataset="t", source="t.odcs.yaml")
