"""Formulas read from text, with the place of whatever is wrong."""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from math import isfinite
from typing import Annotated, Literal, NoReturn, cast, get_args

from pydantic import AfterValidator

from ostler.core.formula import (
    Arithmetic,
    Both,
    Call,
    Compare,
    Comparison,
    Either,
    Formula,
    Function,
    Implies,
    IsMissing,
    Matches,
    Name,
    Not,
    Number,
    OneOf,
    Operation,
    Text,
    is_condition,
    is_numeric,
)
from ostler.core.formula_writing import WORDS, written

LONGEST = 2000
"""Characters of a formula."""
MOST_PARTS = 200
"""Names, values and signs of a formula."""
DEEPEST = 40
"""Parentheses inside one another."""

_ARGUMENTS: dict[Function, int] = {"days": 2, "hours": 2, "length": 1, "abs": 1}
_COMPARISONS = get_args(Comparison)
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?(?![\w.]))
      | (?P<text>'(?:[^']|'')*')
      | (?P<quoted>"(?:[^"]|"")+")
      | (?P<name>[^\W\d]\w*)
      | (?P<sign><=|>=|!=|[-+*/=<>(),])
    )""",
    re.VERBOSE,
)
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?"
)

_Kind = Literal["number", "text", "quoted", "name", "sign", "end"]


@dataclass(frozen=True)
class _Token:
    kind: _Kind
    text: str
    place: int


def is_time(text: Text) -> bool:
    """Whether a text is written as a date or a time of one: `2026-01-31`, `2026-01-31 10:00`."""
    if _TIME.fullmatch(text.value) is None:
        return False
    try:
        datetime.fromisoformat(text.value)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=1024)
def read(text: str) -> Formula:
    """The formula that a text says; ValueError with the place of what is wrong."""
    if len(text) > LONGEST:
        raise ValueError(f"a formula has at most {LONGEST:,} characters")
    reader = _Reader(_tokens(text))
    formula = reader.condition()
    reader.end()
    return formula


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    place = 0
    while text[place:].strip():
        found = _TOKEN.match(text, place)
        if found is None:
            start = place + len(text[place:]) - len(text[place:].lstrip())
            odd = text[start : start + 20]
            raise ValueError(f"cannot be read at character {start + 1}: {odd!r}")
        kind = cast("_Kind", found.lastgroup)
        tokens.append(_Token(kind, found.group(kind), found.start(kind)))
        place = found.end()
    if len(tokens) > MOST_PARTS:
        raise ValueError(f"a formula has at most {MOST_PARTS} names, values and signs")
    return [*tokens, _Token("end", "", len(text))]


class _Reader:
    """Reads tokens from left to right, one function for each level of the grammar."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def end(self) -> None:
        if self._next.kind != "end":
            self._refuse("nothing more")

    def _refuse(self, wanted: str) -> NoReturn:
        token = self._next
        found = repr(token.text) if token.text else "the end"
        raise ValueError(f"{wanted} expected at character {token.place + 1}, found {found}")

    def _is(self, *words: str) -> bool:
        token = self._next
        if token.kind == "name":
            return token.text.lower() in words
        return token.kind == "sign" and token.text in words

    def _take(self) -> _Token:
        token = self._next
        self._at += 1
        return token

    def _took(self, *words: str) -> str:
        """The next token, taken when it is one of some words; else nothing."""
        return self._take().text.lower() if self._is(*words) else ""

    def _need(self, word: str) -> None:
        if not self._took(word):
            self._refuse(repr(word))

    def condition(self) -> Formula:
        self._depth += 1
        if self._depth > DEEPEST:
            raise ValueError(f"a formula has at most {DEEPEST} parentheses inside one another")
        if self._took("if"):
            left = self._true_or_false(self._either())
            self._need("then")
            formula: Formula = Implies(left, self._true_or_false(self.condition()))
        else:
            formula = self._either()
        self._depth -= 1
        return formula

    def _either(self) -> Formula:
        formula = self._both()
        while self._is("or"):
            left = self._true_or_false(formula)
            self._take()
            formula = Either(left, self._true_or_false(self._both()))
        return formula

    def _both(self) -> Formula:
        formula = self._contrary()
        while self._is("and"):
            left = self._true_or_false(formula)
            self._take()
            formula = Both(left, self._true_or_false(self._contrary()))
        return formula

    def _contrary(self) -> Formula:
        if self._took("not"):
            return Not(self._true_or_false(self._contrary()))
        return self._comparison()

    def _comparison(self) -> Formula:
        left = self._sum()
        if self._took("is"):
            odd = bool(self._took("not"))
            self._need("missing")
            return _turned(IsMissing(self._column(left)), odd)
        if self._took("matches"):
            return Matches(self._column(left), self._text().value)
        odd = bool(self._took("not"))
        if odd or self._is("in"):
            self._need("in")
            return _turned(OneOf(self._column(left), self._values()), odd)
        sign = self._took(*_COMPARISONS)
        if not sign:
            return left
        return self._compared(cast("Comparison", sign), left, self._sum())

    def _compared(self, sign: Comparison, left: Formula, right: Formula) -> Formula:
        for side, other in ((left, right), (right, left)):
            if is_condition(side):
                raise ValueError(f"a condition cannot be compared: {written(side)}")
            if isinstance(side, Text) and not isinstance(other, Name):
                raise ValueError(f"a text is compared with a column, not with {written(other)}")
            if isinstance(side, Text) and sign not in ("=", "!=") and not is_time(side):
                raise ValueError(
                    f"{written(side)} is neither a number nor a time, so nothing is {sign} it"
                )
        return Compare(sign, left, right)

    def _values(self) -> tuple[Text, ...] | tuple[Number, ...]:
        self._need("(")
        values: list[Formula] = [self._literal()]
        while self._took(","):
            values.append(self._literal())
        self._need(")")
        texts = tuple(value for value in values if isinstance(value, Text))
        numbers = tuple(value for value in values if isinstance(value, Number))
        if texts and numbers:
            raise ValueError("a list holds texts or numbers, not both")
        return texts or numbers

    def _literal(self) -> Formula:
        if self._next.kind == "text":
            return self._text()
        sign = -1 if self._took("-") else 1
        if self._next.kind != "number":
            self._refuse("a text or a number")
        return Number(sign * _number(self._take()))

    def _text(self) -> Text:
        if self._next.kind != "text":
            self._refuse("a text in single quotes")
        return Text(self._take().text[1:-1].replace("''", "'"))

    def _sum(self) -> Formula:
        formula = self._product()
        while sign := self._took("+", "-"):
            formula = self._arithmetic(sign, formula, self._product())
        return formula

    def _product(self) -> Formula:
        formula = self._signed()
        while sign := self._took("*", "/"):
            formula = self._arithmetic(sign, formula, self._signed())
        return formula

    def _arithmetic(self, sign: str, left: Formula, right: Formula) -> Formula:
        for side in (left, right):
            self._numeric(side)
        return Arithmetic(cast("Operation", sign), left, right)

    def _signed(self) -> Formula:
        odd = False
        while self._took("-"):
            odd = not odd
        value = self._atom()
        if not odd:
            return value
        if isinstance(value, Number):
            return Number(-value.value)
        return self._arithmetic("-", Number(0.0), value)

    def _atom(self) -> Formula:
        token = self._next
        if token.kind == "number":
            return Number(_number(self._take()))
        if token.kind == "text":
            return self._text()
        if self._took("("):
            formula = self.condition()
            self._need(")")
            return formula
        if token.kind == "quoted":
            return Name(self._take().text[1:-1].replace('""', '"'))
        if token.kind != "name" or token.text.lower() in WORDS:
            self._refuse("a column, a number or a text")
        self._take()
        return self._called(token) if self._is("(") else Name(token.text)

    def _called(self, name: _Token) -> Formula:
        function = cast("Function", name.text.lower())
        if function not in _ARGUMENTS:
            raise ValueError(
                f"{name.text!r} at character {name.place + 1} is no function;"
                f" there are {', '.join(_ARGUMENTS)}"
            )
        self._need("(")
        arguments = [self._sum()]
        while self._took(","):
            arguments.append(self._sum())
        self._need(")")
        if len(arguments) != _ARGUMENTS[function]:
            raise ValueError(f"{function} takes {_ARGUMENTS[function]} values")
        for argument in arguments:
            if function == "abs":
                self._numeric(argument)
            elif function == "length":
                self._column(argument)
            elif is_numeric(argument) or is_condition(argument):
                raise ValueError(f"{function} takes times, not {written(argument)}")
            elif isinstance(argument, Text) and not is_time(argument):
                raise ValueError(f"{written(argument)} is not a time such as '2026-01-31 10:00'")
        return Call(function, tuple(arguments))

    def _numeric(self, formula: Formula) -> None:
        if is_condition(formula) or isinstance(formula, Text):
            raise ValueError(f"{written(formula)} is not a number")

    def _column(self, formula: Formula) -> Name:
        if not isinstance(formula, Name):
            raise ValueError(f"a column is needed here, not {written(formula)}")
        return formula

    def _true_or_false(self, formula: Formula) -> Formula:
        if not is_condition(formula):
            raise ValueError(f"{written(formula)} is neither true nor false: compare it")
        return formula


def _turned(formula: Formula, odd: bool) -> Formula:
    return Not(formula) if odd else formula


def _number(token: _Token) -> float:
    value = float(token.text)
    if not isfinite(value):
        raise ValueError(f"{token.text} is too large a number")
    return value


def _canonical(text: str) -> str:
    formula = read(text)
    if not is_condition(formula):
        raise ValueError("this is a value, not a condition: compare it with something")
    return written(formula)


Condition = Annotated[str, AfterValidator(_canonical)]
"""The text of a formula that is true, false or unknown, written in the one canonical way."""
