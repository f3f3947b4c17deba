"""What a change means for readers: its steps, and by a table of rules who can go on after each."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ostler.core.checks import AnyRule, Check, TypeIs
from ostler.core.schema import Compatibility, Impact, Shape
from ostler.core.sentences import describe_rule
from ostler.tools.contracts.contract import Contract

Kind = Literal[
    "column_removed",
    "column_renamed",
    "column_added",
    "type_widened",
    "type_narrowed",
    "type_changed",
    "promise_added",
    "promise_removed",
    "promise_tightened",
    "promise_loosened",
    "promise_changed",
    "warning_added",
    "warning_removed",
]

_RULES: Mapping[Kind, Compatibility] = {
    # Who reads the column finds it no longer; who is written for the rest reads old data as well.
    "column_removed": Compatibility.FORWARD,
    "column_renamed": Compatibility.NONE,
    # A new column may be missing, so data without it can still be read.
    "column_added": Compatibility.FULL,
    # Numbers where only whole ones were expected: new data may hold what old readers cannot.
    "type_widened": Compatibility.FORWARD,
    "type_narrowed": Compatibility.BACKWARD,
    "type_changed": Compatibility.NONE,
    # Stricter than before: old readers do not notice, but old data need not keep it.
    "promise_added": Compatibility.BACKWARD,
    "promise_removed": Compatibility.FORWARD,
    "promise_tightened": Compatibility.BACKWARD,
    "promise_loosened": Compatibility.FORWARD,
    "promise_changed": Compatibility.NONE,
    # Nobody was promised what only warns.
    "warning_added": Compatibility.FULL,
    "warning_removed": Compatibility.FULL,
}

WIDER = {("integer", "number"), ("date", "timestamp")}
"""Pairs of logical types of which all values of the first are values of the second."""

_LOGICAL = (
    ("BOOLEAN", "boolean"),
    ("TINYINT", "integer"),
    ("SMALLINT", "integer"),
    ("INTEGER", "integer"),
    ("BIGINT", "integer"),
    ("DECIMAL", "number"),
    ("FLOAT", "number"),
    ("DOUBLE", "number"),
    ("DATE", "date"),
    ("TIMESTAMP", "timestamp"),
)


def logical_type(stored: str) -> str:
    """A contract's word for a type that a table stores."""
    return next((word for kind, word in _LOGICAL if stored.startswith(kind)), "string")


@dataclass(frozen=True)
class Step:
    """One thing that a change does to what is promised."""

    kind: Kind
    column: str
    """As it is called before the change; empty for a promise on the whole table."""
    words: str
    expects: str = ""
    """The logical type afterwards, of a column that gets another one."""

    @property
    def compatibility(self) -> Compatibility:
        """Who can go on after it."""
        return _RULES[self.kind]


def compatibility_of(steps: Iterable[Step]) -> Compatibility:
    """Who can go on after all of them."""
    classes = [step.compatibility for step in steps]
    return Compatibility.of(
        backward=all(c.backward for c in classes), forward=all(c.forward for c in classes)
    )


def steps_of(shape: Shape) -> tuple[Step, ...]:
    """The steps of a schema patch."""
    return (
        *(Step("column_removed", f.name, f"column {f.name!r} goes") for f in shape.gone),
        *(
            Step("column_renamed", old, f"column {old!r} is called {new!r}")
            for old, new in shape.renames
        ),
        *(
            _retyped(before.name, logical_type(before.type), logical_type(after.type))
            for before, after in shape.cast
        ),
        *(Step("column_added", f.name, f"column {f.name!r} comes") for f in shape.new),
    )


def steps_between(old: Contract, new: Contract) -> tuple[Step, ...]:
    """The steps from one contract of a dataset to another, by column and then by promise.

    A column under another name is one that goes and one that comes: contracts keep no identity.
    """
    return (*_columns_between(old, new), *_promises_between(old, new))


def _columns_between(old: Contract, new: Contract) -> Iterator[Step]:
    for name in old.columns:
        if name not in new.columns:
            yield Step("column_removed", name, f"column {name!r} goes")
        elif old.types.get(name) and new.types.get(name, "") != old.types[name]:
            yield _retyped(name, old.types[name], new.types.get(name, "anything"))
    for name in new.columns:
        if name not in old.columns:
            yield Step("column_added", name, f"column {name!r} comes")


_WORDS: Mapping[Kind, str] = {
    "promise_removed": "it is no longer promised that",
    "promise_added": "it is promised from now on that",
    "promise_tightened": "fewer rows may fail:",
    "promise_loosened": "more rows may fail:",
    "promise_changed": "other rows may fail:",
    "warning_removed": "there is no warning any more unless",
    "warning_added": "there is a warning from now on unless",
}


def _promises_between(old: Contract, new: Contract) -> Iterator[Step]:
    staying = {name for name in old.columns if name in new.columns}
    before, after = _promises(old), _promises(new)
    for rule in (*before, *(rule for rule in after if rule not in before)):
        kind = _kind(before.get(rule), after.get(rule))
        if kind and staying.issuperset(rule.columns):
            column = rule.columns[0] if rule.columns else ""
            yield Step(kind, column, f"{_WORDS[kind]} {describe_rule(rule)}")


def _promises(contract: Contract) -> Mapping[AnyRule, Check]:
    """Types apart, which are said with their columns."""
    return {check.rule: check for check in contract.checks if not isinstance(check.rule, TypeIs)}


def _kind(before: Check | None, after: Check | None) -> Kind | None:
    """What becomes of one promise; a rule that does not gate is only a warning."""
    if before and before.gate and after and after.gate:
        return _limits_kind(before, after)
    if before and before.gate:
        return "promise_removed"
    if after and after.gate:
        return "promise_added"
    if before and after:
        return None
    return "warning_removed" if before else "warning_added"


def _limits_kind(before: Check, after: Check) -> Kind | None:
    if (before.max_failing, before.max_share) == (after.max_failing, after.max_share):
        return None
    if (before.max_failing is None) != (after.max_failing is None):
        return "promise_changed"
    less = (after.max_failing or 0, after.max_share) < (before.max_failing or 0, before.max_share)
    return "promise_tightened" if less else "promise_loosened"


def _retyped(column: str, before: str, after: str) -> Step:
    kind: Kind = "type_changed"
    if (before, after) in WIDER:
        kind = "type_widened"
    elif (after, before) in WIDER or before == after:
        kind = "type_narrowed"
    return Step(kind, column, f"column {column!r} is {after}, not {before}", after)


def impacts_of(
    steps: Sequence[Step],
    dataset: str,
    *,
    downstream: Sequence[str],
    consumers: Mapping[str, Contract],
    others: Mapping[str, Contract],
) -> tuple[Impact, ...]:
    """What steps mean for who reads the data, by consumer.

    `downstream` names readers, `consumers` are the contracts of those who said what they read, and
    `others` the contracts of other datasets, which may refer to this one. A reader that never said
    what it reads is taken to read everything.
    """
    notable = [step for step in steps if step.compatibility is not Compatibility.FULL]
    found = [
        *(
            _impact(name, step, consumers.get(name))
            for name in sorted({*downstream, *consumers})
            for step in notable
        ),
        *(
            Impact(
                consumer=name,
                column=step.column,
                because=f"its contract refers to it; {step.words}",
                breaking=not step.compatibility.backward,
            )
            for name in sorted(others)
            for step in notable
            if step.column in _referred(others[name], dataset)
        ),
    ]
    return tuple(impact for impact in found if impact)


def _impact(name: str, step: Step, contract: Contract | None) -> Impact | None:
    breaking = not step.compatibility.backward
    if contract is None:
        words = f"it never said which columns it reads; {step.words}"
    elif step.column and step.column not in contract.columns:
        return None
    elif step.expects and contract.types.get(step.column) == step.expects:
        words, breaking = f"it reads {step.column!r} as {step.expects} already", False
    else:
        words = f"its contract names it; {step.words}"
    return Impact(consumer=name, column=step.column, because=words, breaking=breaking)


def _referred(contract: Contract, dataset: str) -> set[str]:
    return {
        column
        for check in contract.checks
        if check.rule.reads[0] == dataset
        for column in check.rule.reads[1]
    }
