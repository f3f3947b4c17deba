"""What people read of an action and of a rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostler.core.actions import (
    AgreeWithColumns,
    AnyAction,
    Consensus,
    ConvertUnit,
    DeleteDuplicates,
    DeleteRows,
    PublishContract,
    Reformat,
    Replacement,
    ReplaceValues,
    Revert,
    SetCells,
    SplitSuffix,
)
from ostler.core.base import Cell
from ostler.core.checks import (
    AcceptedValues,
    AnyRule,
    Dependency,
    Drift,
    ForeignKey,
    Freshness,
    NearDuplicates,
    NotNull,
    Pattern,
    Range,
    RejectedValues,
    RowCount,
    RowRule,
    TypeIs,
    Unique,
)
from ostler.core.row_rules import Format, Holds, LengthBetween, RequiredIf
from ostler.core.sentences import LONGEST, describe, describe_rule
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


def replace(column: str, *pairs: tuple[Cell, Cell]) -> ReplaceValues:
    mapping = tuple(Replacement(old=old, new=new) for old, new in pairs)
    return ReplaceValues(column=column, mapping=mapping)


ACTIONS: list[tuple[AnyAction, str]] = [
    (replace("phone", ("N/A", None), ("-", None)), "Set 'N/A' and '-' in phone to missing"),
    (
        replace("phone", *[(str(n), None) for n in range(9)]),
        "Set '0', '1', '2' and 6 more values in phone to missing",
    ),
    (replace("city", ("Bostn", "Boston")), "Replace 'Bostn' by 'Boston' in city"),
    (replace("city", (None, "Boston")), "Replace missing by 'Boston' in city"),
    (Reformat(column="name", form="trim"), "Remove needless blanks in name"),
    (
        Reformat(column="at", form="iso_date", date_order="dmy"),
        "Write the dates in at as YYYY-MM-DD, reading the day first",
    ),
    (
        ConvertUnit(column="weight", factor=0.001, above=90),
        "Multiply the numbers in weight above 90 by 0.001",
    ),
    (
        ConvertUnit(column="weight", factor=60, above=1, below=24.5),
        "Multiply the numbers in weight above 1 and below 24.5 by 60",
    ),
    (ConvertUnit(column="weight", factor=2), "Multiply the numbers in weight by 2"),
    (
        AgreeWithColumns(targets=(Consensus(column="city", determinants=("zip", "phone")),)),
        "Set city to what the rows with the same zip or phone say",
    ),
    (
        AgreeWithColumns(
            targets=tuple(Consensus(column=c, determinants=("z",)) for c in ("a", "b", "c"))
        ),
        "Bring a, b and c in line with the columns that decide them",
    ),
    (
        SplitSuffix(column="city", into="state", suffixes=("OR", "CA")),
        "Move 'OR' and 'CA' from the end of city to state where that is missing",
    ),
    (
        DeleteDuplicates(on=("a", "b", "c", "d", "e")),
        "Delete the rows that repeat an earlier one in a, b, c and 2 more columns",
    ),
    (DeleteRows(rows=(("7", "3"),)), "Delete row 7, a near copy of row 3"),
    (
        DeleteRows(rows=(("7", "3"), ("9", "3"))),
        "Delete 2 rows, each a near copy of another one",
    ),
    (SetCells(cells=(("7", "city", None),)), "Set city in row 7 to missing"),
    (
        SetCells(cells=(("7", "city", "x"), ("8", "zip", "y"))),
        "Set 2 cells in city and zip",
    ),
    (Revert(proposal="P-7K3QH2MA"), "Undo P-7K3QH2MA"),
    (
        PublishContract(version="2.0.0", contract="d", takes_back="P-7K3QH2MA"),
        "Publish version 2.0.0 of the contract, which takes P-7K3QH2MA back",
    ),
]

RULES: list[tuple[AnyRule, str]] = [
    (NotNull(column="phone"), "phone has no missing value"),
    (AcceptedValues(column="a", values=("x", "y")), "a is 'x' or 'y'"),
    (RejectedValues(column="a", values=("n/a",)), "a is never 'n/a'"),
    (Range(column="a", minimum=0, maximum=2.5), "a lies between 0 and 2.5"),
    (Range(column="a", maximum=90), "a is at most 90"),
    (Range(column="a", minimum=-1), "a is at least -1"),
    (Pattern(column="zip", regex=r"\d{5}"), r"zip has the form \d{5}"),
    (TypeIs(column="a", type="integer"), "a can be read as an integer"),
    (Unique(on=("email",)), "email is unique"),
    (Unique(on=("a", "b")), "a and b together are unique"),
    (RowCount(minimum=1000), "there are at least 1,000 rows"),
    (RowCount(minimum=1, maximum=5), "there are at least 1 and at most 5 rows"),
    (Freshness(column="at", max_age_hours=24), "the newest at is at most 24 hours old"),
    (Dependency(determinants=("zip",), dependent="city"), "zip decides city"),
    (Dependency(determinants=("a", "b"), dependent="c"), "a and b decide c"),
    (
        ForeignKey(on=("customer_id",), dataset="customers", references=("id",)),
        "customer_id occurs in customers as id",
    ),
    (RowRule(left="ordered", operator="<=", right="shipped"), "ordered <= shipped"),
    (
        RequiredIf(column="shipped", when="status='sent'"),
        "shipped has no missing value where status = 'sent'",
    ),
    (LengthBetween(column="a", minimum=2, maximum=5), "a has at least 2 and at most 5 characters"),
    (LengthBetween(column="a", minimum=9, maximum=9), "a has exactly 9 characters"),
    (Format(column="a", format="iban"), "a is an IBAN with right check digits"),
    (Holds(holds="a*b=c"), "a * b = c"),
    (
        Balance(left="debit", right="credit", by=("journal",)),
        "the totals of debit and credit are equal for each journal",
    ),
    (
        Total(column="sum", by=("id",), dataset="orders", references=("no",), equals="total"),
        "the total of sum is that of total in orders for each id",
    ),
    (
        Agreement(column="price", on=("sku",), dataset="cat", references=("id",), equals="p"),
        "price is what cat has as p for the same sku",
    ),
    (Volume(column="at", every="day", minimum=5), "each day of at has at least 5 rows"),
    (
        Gaps(column="at", every_hours=1.5, by=("sensor",)),
        "at has no gap of more than 1.5 hours for each sensor",
    ),
    (
        Schema(declared=(Declared(column="a"),)),
        "the table has the 1 column of the contract and no others",
    ),
    (
        Fairness(column="sex", outcome="a=1", measure="ratio", limit=0.8),
        "shares of a = 1 have a ratio of at least 0.8 between groups of sex",
    ),
    (RowCount(), "there are as many rows as usual"),
    (NearDuplicates(on=("a", "b"), rows=("1",)), "no two rows say nearly the same in a and b"),
    (
        Drift(column="a", reference=3, statistic="psi", limit=0.2),
        "a is distributed as in version 3 (PSI at most 0.2)",
    ),
]


@pytest.mark.parametrize(("action", "sentence"), ACTIONS, ids=[s for _, s in ACTIONS])
def test_an_action_is_one_plain_sentence(action, sentence):
    assert describe(action) == sentence


@pytest.mark.parametrize(("rule", "sentence"), RULES, ids=[s for _, s in RULES])
def test_a_rule_is_one_plain_sentence(rule, sentence):
    assert describe_rule(rule) == sentence


def test_values_are_cut_but_never_changed():
    assert describe(replace("a", ("[@click=x]" * 9, None))) == (
        "Set '[@click=x][@click=x][@c…' in a to missing"
    )


texts = st.text(max_size=300)


@given(column=texts, values=st.lists(texts, min_size=1, max_size=9, unique=True))
def test_no_name_and_no_value_makes_a_sentence_long(column, values):
    for action in (
        replace(column, *[(value, column) for value in values]),
        Reformat(column=column, form="title"),
        SplitSuffix(column=column, into=column, suffixes=tuple(values)),
        DeleteDuplicates(on=tuple(values)),
        AgreeWithColumns(targets=(Consensus(column=column, determinants=tuple(values)),)),
    ):
        assert 0 < len(describe(action)) <= LONGEST
    for rule in (
        AcceptedValues(column=column, values=tuple(values)),
        Pattern(column=column, regex=column),
        ForeignKey(on=tuple(values), dataset=column, references=tuple(values)),
    ):
        assert 0 < len(describe_rule(rule)) <= LONGEST
