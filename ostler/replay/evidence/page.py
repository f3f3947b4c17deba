"""A page of HTML without scripts, built from text alone: what it is given is shown, never run."""

from collections.abc import Iterable, Sequence
from html import escape

from ostler.review.text import visible

_HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
body {{ font: 15px/1.45 system-ui, sans-serif; max-width: 62rem;
  margin: 2rem auto; padding: 0 1rem }}
table {{ border-collapse: collapse; margin: .5rem 0 1rem }}
th, td {{ border: 1px solid #bbb; padding: .2rem .5rem; text-align: left; vertical-align: top }}
th {{ background: #eee }}
code {{ font-size: .92em; overflow-wrap: anywhere }}
h2 {{ border-top: 2px solid #333; padding-top: .6rem; margin-top: 2rem }}
.note {{ color: #555 }}
</style></head><body>
"""

_LONGEST = 2000


def page(title: str, parts: Iterable[str]) -> str:
    """A whole page of the parts that the other functions here make."""
    return "".join((_HEAD.format(title=_text(title)), *parts, "</body></html>\n"))


def heading(level: int, text: str) -> str:
    """A heading; 1 is the page's own."""
    return f"<h{level}>{_text(text)}</h{level}>\n"


def paragraph(text: str, *, note: bool = False) -> str:
    """A paragraph, or a remark in a paler colour."""
    return f"<p{' class=note' if note else ''}>{_text(text)}</p>\n"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; nothing when it has no rows."""
    body = "".join(
        "<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>\n" for row in rows
    )
    head = "".join(f"<th>{_text(column)}</th>" for column in columns)
    return f"<table><tr>{head}</tr>\n{body}</table>\n" if body else ""


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Names and what stands behind them; pairs that say nothing are left out."""
    body = "".join(
        f"<tr><th>{_text(name)}</th><td>{_text(value)}</td></tr>\n"
        for name, value in pairs
        if value
    )
    return f"<table>{body}</table>\n" if body else ""


def _text(text: str) -> str:
    return escape(visible(text, _LONGEST))
