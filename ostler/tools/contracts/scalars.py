"""Texts as YAML writes them, so that any reader gets back what was meant."""

from collections.abc import Sequence

import yaml

_WIDTH = 92
_ENDLESS = 2**31


def scalar(text: str) -> str:
    """A text on one line, quoted where YAML 1.1 or 1.2 would read something else."""
    # What cannot be printed goes into double quotes, where it can be escaped.
    style = None if text.isprintable() else '"'
    listed = yaml.safe_dump(
        [text], default_flow_style=True, default_style=style, allow_unicode=True, width=_ENDLESS
    )
    return listed.strip()[1:-1]


def flow(key: str, texts: Sequence[str]) -> list[str]:
    """A key and its list, on as many lines as are needed."""
    lines = [f"{key}["]
    indent = " " * (len(key) - len(key.lstrip()) + 2)
    for place, text in enumerate(texts):
        word = scalar(text) + ("]" if place == len(texts) - 1 else ",")
        if len(lines[-1]) + len(word) < _WIDTH:
            lines[-1] += word if lines[-1].endswith("[") else f" {word}"
        else:
            lines.append(indent + word)
    return lines
