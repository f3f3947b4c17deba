"""The page on rules names every rule that a contract can have, and its dimension."""

import re
from pathlib import Path
from typing import get_args

from ostler.core.checks import AnyRule
from ostler.core.row_rules import FormatName
from ostler.core.rule_sentences import FORMATS

PAGE = Path(__file__).parents[2] / "docs" / "rules.md"


def test_every_rule_is_explained_with_its_dimension() -> None:
    text = PAGE.read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `(\w+)` \| (\w+) \|", text, re.MULTILINE))
    rules = get_args(get_args(AnyRule)[0])
    known = {rule.model_fields["kind"].default: rule.dimension.value for rule in rules}
    # Nobody promises these: one is mined, the other reported.
    assert told == {k: d for k, d in known.items() if k not in ("near_duplicates", "reported")}


def test_every_format_is_explained_and_has_words() -> None:
    text = PAGE.read_text(encoding="utf-8")
    names = get_args(FormatName)
    assert set(FORMATS) == set(names)
    assert [name for name in names if f"`{name}`" not in text] == []
