"""Formulas in a contract follow a change of columns."""

from ostler.core.formula_reading import read
from ostler.core.row_rules import Holds, RequiredIf
from ostler.core.schema import Field, Shape
from ostler.tools.contracts.editing import edit_contract
from ostler.tools.contracts.parse import parse_contract

TEXT = """
apiVersion: v3.1.0
kind: DataContract
schema:
  - name: t
    properties:
      - name: a
      - name: b
        quality:
          - type: custom
            engine: ostler
            implementation: {rule: required_if, when: a > 1}   # of a
      - name: c
    quality:
      - {type: custom, engine: ostler, implementation: {rule: condition, holds: "a*2 = b"}}
      - {type: custom, engine: ostler, implementation: {rule: condition, holds: c is not missing}}
      - {type: custom, engine: ostler, implementation: {rule: schema}}
      - {type: custom, engine: other, implementation: {when: a > > 1}}
"""
A, B, C = (Field(name=name, type="VARCHAR") for name in "abc")
NEW = Field(name="a: #new", type="VARCHAR")


def test_a_renamed_column_is_renamed_in_formulas() -> None:
    shape = Shape(before=(A, B, C), after=(NEW, B, C), renames=(("a", NEW.name),))
    text = edit_contract(TEXT, shape, dataset="t", source="t.yaml").after
    rules = [check.rule for check in parse_contract(text, dataset="t", source="t.yaml").checks]
    assert RequiredIf(column="b", when='"a: #new" > 1') in rules
    assert Holds(holds='"a: #new" * 2 = b') in rules
    assert "# of a" in text


def test_a_formula_goes_with_its_column() -> None:
    shape = Shape(before=(A, B, C), after=(B, C))
    text = edit_contract(TEXT, shape, dataset="t", source="t.yaml").after
    contract = parse_contract(text, dataset="t", source="t.yaml")
    assert [check.rule.kind for check in contract.checks] == ["condition", "schema"]
    assert read("c is not missing") == read(contract.checks[0].rule.model_dump()["holds"])
