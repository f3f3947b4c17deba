"""Policy texts: where each policy starts, and every reason to refuse one, with file and line."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import cedarpy
from cedarpy import pst

from ostler.policies.refusals import refusals

TOKENS = re.compile(
    r"""(?P<blank>\s+|//[^\n]*)|"(?:\\.|[^"\\])*"|\??\w+|==|!=|<=|>=|&&|\|\||::|.""", re.DOTALL
)

UNFINISHED = "unexpected end of input"


@dataclass(frozen=True)
class Policy:
    """One policy of a text, parsed."""

    file: str
    line: int
    node: pst.Template

    @property
    def id(self) -> str:
        """What its author calls it; empty when it has no name."""
        return self.node.annotations.get("id", "")

    @property
    def label(self) -> str:
        """Where it stands and what it is called."""
        return f"{self.file}:{self.line}: " + (f"{self.id}: " if self.id else "")


@dataclass(frozen=True)
class _Piece:
    """The text of one policy, from its first token to its semicolon."""

    text: str
    line: int
    ends: tuple[int, ...]
    """Where each of its tokens ends."""


def read(file: str, text: str, schema: cedarpy.Schema) -> tuple[tuple[Policy, ...], list[str]]:
    """The policies of one text, and one line per problem: syntax first, then meaning."""
    pieces = tuple(_pieces(text))
    problems = [f"{file}:{line}: {message}" for line, message in _syntax_errors(pieces)]
    if problems:
        return (), problems
    try:
        parsed = cedarpy.policies_to_pst(text)
    except ValueError as error:
        return (), [f"{file}: {error}"]
    nodes = {**parsed.templates, **parsed.static_policies}
    policies = {
        # Cedar numbers policies in the order of the text: policy0, policy1...
        key: Policy(file, pieces[_number(key)].line, node)
        for key, node in sorted(nodes.items(), key=lambda item: _number(item[0]))
    }
    for policy in policies.values():
        problems += [policy.label + message for message in refusals(policy.node)]
    validated = cedarpy.validate_policies(text, schema)  # pyright: ignore[reportUnknownMemberType]
    for error in validated.errors:
        message = error.error.removeprefix(f"for policy `{error.policy_id}`, ")
        where = policies[error.policy_id].label if error.policy_id in policies else f"{file}: "
        problems.append(where + message)
    return tuple(policies.values()), sorted(set(problems), key=problems.index)


def duplicates(policies: tuple[Policy, ...]) -> list[str]:
    """One line per policy whose id an earlier one has."""
    first: dict[str, Policy] = {}
    problems: list[str] = []
    for policy in policies:
        other = first.setdefault(policy.id, policy)
        if policy.id and other is not policy:
            problems.append(
                f"{policy.label}this @id is taken already, at {other.file}:{other.line}"
            )
    return problems


def _number(policy_id: str) -> int:
    return int(policy_id.removeprefix("policy"))


def _pieces(text: str) -> Iterator[_Piece]:
    tokens = [m for m in TOKENS.finditer(text) if m["blank"] is None]
    start = 0
    for position, token in enumerate(tokens):
        if token.group() == ";" or position == len(tokens) - 1:
            first = tokens[start].start()
            yield _Piece(
                text=text[first : token.end()],
                line=text.count("\n", 0, first) + 1,
                ends=tuple(t.end() - first for t in tokens[start : position + 1]),
            )
            start = position + 1


def _syntax_errors(pieces: tuple[_Piece, ...]) -> Iterator[tuple[int, str]]:
    for piece in pieces:
        message = _parse_error(piece.text)
        if message == UNFINISHED:
            yield piece.line, "the policy that begins here does not end; is a `;` missing?"
        elif message:
            end = piece.ends[_culprit(piece)] if "token" in message else 0
            yield piece.line + piece.text.count("\n", 0, end), message


def _culprit(piece: _Piece) -> int:
    """The first token after which the text is wrong, and no longer merely unfinished.

    Cedar's binding says what it stumbled over but not where.
    """
    low, high = 0, len(piece.ends) - 1
    while low < high:
        middle = (low + high) // 2
        if _parse_error(piece.text[: piece.ends[middle]]) in ("", UNFINISHED):
            low = middle + 1
        else:
            high = middle
    return low


def _parse_error(text: str) -> str:
    """What Cedar says against a text; empty when it can be read."""
    try:
        cedarpy.PolicySet.from_str(text)
    except ValueError as error:
        return str(error)
    return ""
