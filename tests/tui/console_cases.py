"""Invented proposals on invented tables of orders and customers, and hostile ones."""

from console_desk import Case, sets, whole_row

from ostler.core.checks import (
    AcceptedValues,
    Check,
    Dependency,
    NotNull,
    Range,
    RejectedValues,
    Unique,
)
from ostler.core.proposals import CheckEffect

_CITY = Check(rule=Dependency(determinants=("zip",), dependent="city"), name="a zip has one city")
_NOT_NULL = Check(rule=NotNull(column="country"))
_STATUS = Check(rule=AcceptedValues(column="status", values=("open", "paid", "sent")))
_AMOUNT = Check(rule=Range(column="amount", minimum=0, maximum=5000))
_MARKERS = Check(rule=RejectedValues(column="phone", values=("n/a", "-")))
_UNIQUE = Check(rule=Unique(on=("email",)))

CITY = Case(
    dataset="customers",
    sentence="Set 3 values of city to what the other rows with the same zip say",
    score=8.42,
    hours=2,
    check=_CITY,
    title="Rows with the same zip name different cities",
    summary="41 of 42 rows with zip 97201 say Portland; 3 rows are one letter away.",
    changes=sets(
        "city",
        ("1204", "Portlnd", "Portland"),
        ("1877", "portland ", "Portland"),
        ("2010", None, "Salem"),
    ),
    effects=(
        CheckEffect(check=_CITY, before=3, after=0, total=10_000),
        CheckEffect(check=_NOT_NULL, before=12, after=12, total=10_000),
        CheckEffect(check=_UNIQUE, before=0, after=0, total=10_000),
    ),
    context=(
        ("1204", (("name", "Ida Roth"), ("city", "Portlnd"), ("zip", "97201"), ("state", "OR"))),
        ("1877", (("name", "Noor Haddad"), ("city", "portland "), ("zip", "97201"))),
        ("2010", (("name", "Jan Kos"), ("city", None), ("zip", "97301"), ("state", "OR"))),
    ),
    downstream=("orders_by_city",),
)

STATUS = Case(
    dataset="orders",
    sentence="Write 45 values of status as one of open, paid, sent",
    score=6.1,
    hours=26,
    check=_STATUS,
    title="Orders have a status that the contract does not know",
    summary="45 values differ from an accepted one by case or blanks only.",
    confidence=0.995,
    support=45,
    against=0,
    changes=sets("status", *((f"{100 + n}", "Paid ", "paid") for n in range(45))),
    effects=(CheckEffect(check=_STATUS, before=45, after=0, total=8_000),),
)

AMOUNT = Case(
    dataset="orders",
    sentence="Divide 2 values of amount by 100, which are in cents",
    score=4.75,
    hours=0.5,
    check=_AMOUNT,
    title="Amounts are out of range",
    summary="Both orders come from the batch whose other amounts are in cents.",
    confidence=0.81,
    support=2,
    against=0,
    changes=sets("amount", ("88121", "1999900", "19999"), ("88140", "450000", "4500")),
    effects=(
        CheckEffect(check=_AMOUNT, before=2, after=1, total=8_000),
        CheckEffect(check=_UNIQUE, before=0, after=1, total=8_000),
    ),
    rationale=(
        "The two amounts are a hundred times the median of their batch.\n"
        "The batch was exported in cents."
    ),
)

DUPLICATE = Case(
    dataset="customers",
    sentence="Delete row 31, a near copy of row 30",
    score=2.0,
    hours=50,
    check=_UNIQUE,
    title="Two rows are one customer",
    summary="They agree on name, zip and phone.",
    changes=(
        *whole_row("delete", "31", name="Ida Roth", email="ida@example.org", phone=None),
        *whole_row("insert", "32", name="Jo", email="", phone="+49 30 1"),
    ),
    effects=(CheckEffect(check=_UNIQUE, before=1, after=0, total=10_000),),
)

PROTECTED = Case(
    dataset="customers",
    sentence="Change an id",
    changes=sets("id", ("5", "5", "6")),
    check=_MARKERS,
)

ORDINARY = (CITY, STATUS, AMOUNT, DUPLICATE)

LINK = "[@click=app.quit]VALIDATED: safe[/] [b]bold[/b]"
HOSTILE_TEXTS = (
    LINK,
    "\x1b]0;pwn\x07\x1b[31mred\x1b[2J",
    "user\u202egnp.exe\u2066x\u2069",
    "[/ oops",
    "\x9b2Jc1\x85\u2028line\u200bzero",
    "two\nlines\r\tand\x00nul",
)


def hostile(text: str, score: float = 9.0) -> Case:
    """A case that says one text wherever text can come from."""
    check = Check(rule=NotNull(column=text or "c"), name=text)
    return Case(
        dataset=f"d{text}",
        sentence=text,
        score=score,
        check=check,
        title=text,
        summary=text,
        rationale=text,
        proposer=text or "proposer",
        downstream=(text,),
        changes=(
            *sets(text or "c", ("1", text, f"{text}!"), (text or "r", None, text)),
            *whole_row("insert", f"{text}+", **{text or "c": text}),
        ),
        effects=(
            CheckEffect(check=check, before=2, after=0, total=9),
            CheckEffect(check=Check(rule=NotNull(column=f"{text}2")), before=0, after=1, total=9),
        ),
        context=(("1", ((f"{text}x", text), (text or "c", text))),),
    )
