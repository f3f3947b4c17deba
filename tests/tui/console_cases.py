"""Invented proposals on invented tables of orders and customers, and hostile ones."""

from dataclasses import replace

from console_desk import Case, sets, whole_row

from ostler.core.actions import AskedCell, AskValues, Correct, Correction
from ostler.core.checks import (
    AcceptedValues,
    Check,
    Dependency,
    NotNull,
    Range,
    RejectedValues,
    Unique,
)
from ostler.core.proposals import Alternative, Basis, CheckEffect

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

SPELLINGS = Correct(
    principle="spelling",
    rule="rare values of city are spelt nearly like frequent ones",
    corrections=(
        Correction(column="city", old="Portlnd", new="Portland", rows=("1", "4", "7")),
        Correction(column="city", old="Salme", new="Salem", rows=("2", "5")),
        Correction(column="city", old="Bend", new="Band", rows=("3",)),
    ),
)
SPELLING = Case(
    dataset="customers",
    sentence=f"Correct 6 cells in city: {SPELLINGS.rule}",
    score=7.3,
    check=_CITY,
    summary="Values of city that occur once or twice come near ones that occur a hundred times.",
    confidence=0.92,
    support=412,
    against=6,
    counter="Bend is also the name of a street",
    action=SPELLINGS,
    basis=Basis(
        principle="spelling",
        columns=("city",),
        band="sure",
        expected=5.5,
        experience="people accepted 7 of 8 like this",
    ),
    alternatives=(
        Alternative(
            label="write city as its abbreviation",
            action=Correct(
                principle="spelling",
                rule="write city as its abbreviation",
                corrections=(
                    Correction(column="city", old="Portlnd", new="PDX", rows=("1", "4", "7")),
                ),
            ),
        ),
        Alternative(
            label="leave out what is rare",
            action=Correct(
                principle="spelling",
                rule="leave out what is rare",
                corrections=(Correction(column="city", old="Bend", new=None, rows=("3",)),),
            ),
        ),
    ),
    changes=sets(
        "city",
        *((row, one.old, one.new) for one in SPELLINGS.corrections for row in one.rows),
    ),
    effects=(CheckEffect(check=_CITY, before=6, after=0, total=412),),
    context=(
        ("1", (("name", "Ida Roth"), ("city", "Portlnd"), ("zip", "97201"))),
        ("2", (("name", "Jan Kos"), ("city", "Salme"), ("zip", "97301"))),
    ),
)

QUESTION = Case(
    dataset="customers",
    sentence="Question: what should these 3 cells of score and city say?",
    score=5.9,
    check=_MARKERS,
    summary="These cells are the least sure ones, and their answers say most about others.",
    confidence=0.5,
    support=0,
    against=0,
    action=AskValues(
        cells=(
            AskedCell(
                row="11",
                column="score",
                old="871",
                because="far above the rest of its group",
                choices=("87.1", "87"),
            ),
            AskedCell(row="12", column="score", old=None, because="missing", choices=("64",)),
            AskedCell(row="13", column="city", old="Bend", because="stands once"),
        )
    ),
    basis=Basis(principle="ask", columns=("score", "city"), band="doubtful", expected=12.0),
    changes=(),
    context=(
        ("11", (("name", "Ida Roth"), ("score", "871"), ("city", "Salem"))),
        ("12", (("name", "Noor Haddad"), ("score", None), ("city", "Salem"))),
        ("13", (("name", "Jan Kos"), ("score", "91.5"), ("city", "Bend"))),
    ),
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


def hostile_pairs(text: str) -> Case:
    """A card of exact values that says one text wherever it can."""
    pairs = Correct(
        principle="p",
        rule=text,
        corrections=(
            Correction(column=text or "c", old=text, new=f"{text}!", rows=(text or "1",)),
            Correction(column=text or "c", old=None, new=text, rows=("2",)),
        ),
    )
    return replace(
        SPELLING,
        sentence=text,
        summary=text,
        counter=text,
        score=8.0,
        action=pairs,
        basis=Basis(principle=text, columns=(text,), direction=text, experience=text),
        alternatives=(Alternative(label=text, action=pairs),),
        context=((text or "1", ((text or "c", text), ("d", text))),),
    )


def hostile_question(text: str) -> Case:
    """The same as a question."""
    cell = AskedCell(
        row=text or "1", column=text or "c", old=text, because=text, choices=(text, None)
    )
    return replace(
        QUESTION,
        sentence=text,
        summary=text,
        score=7.0,
        action=AskValues(cells=(cell,)),
        context=((text or "1", ((text or "c", text), ("d", text))),),
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
