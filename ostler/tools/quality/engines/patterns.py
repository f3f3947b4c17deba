r"""Patterns of RE2 in the words that the regular expressions of all engines share.

Written anew are `.`, `\d`, `\w` and `\s`, which mean other characters elsewhere; left out is what
a match of the whole text does not need: anchors at its ends and laziness. Anything else that
engines do not agree on raises Cannot.
"""

import re

from ostler.tools.quality.engines.dialect import Cannot, Dialect

_CLASSES = {"d": "0-9", "w": "0-9A-Za-z_", "s": "\\t\\n\\f\\r "}
_CONTROLS = {"t": "\\t", "n": "\\n", "r": "\\r", "f": "\\f"}
_TOKEN = re.compile(
    r"""(?P<escape>\\.) | (?P<class>\[\^?\]?(?:[^\]\\]|\\.)*\])
      | (?P<repeat>[*+?]|\{(?P<least>\d+)(?P<comma>,(?P<most>\d+)?)?\})(?P<lazy>\??)
      | (?P<open>\((?:\?(?P<flags>:|P?<\w+>))?) | (?P<close>\)) | (?P<or>\|)
      | (?P<start>\^) | (?P<end>\$) | (?P<any>\.) | (?P<char>[^\\\[\](){}*+?])""",
    re.VERBOSE | re.DOTALL,
)
_MEMBERS = re.compile(r"(\\.|[^\\])(?:-(\\.|[^\\]))?", re.DOTALL)


def portable(regex: str, dialect: Dialect) -> str:
    """A pattern for the whole of a text; Cannot names what stands in the way."""
    written, depth, place = "", 0, 0
    while place < len(regex):
        token = _TOKEN.match(regex, place)
        if token is None or (token["open"] == "(" and regex[place:].startswith("(?")):
            raise Cannot(f"{regex[place : place + 3]!r} in a pattern means another thing there")
        place = token.end()
        depth += bool(token["open"]) - bool(token["close"])
        if token["start"] or token["end"]:
            _refuse_inner(regex, token.start(), place, depth, bool(token["start"]))
        written += _word(token, dialect)
    return f"^(?:{written}){dialect.end}"


def _refuse_inner(regex: str, start: int, end: int, depth: int, opens: bool) -> None:
    """An anchor says nothing at the ends of the whole; elsewhere it is another thing."""
    beside = regex[start - 1 : start] if opens else regex[end : end + 1]
    escaped = opens and regex[start - 2 : start] == "\\|"
    if depth or beside not in ("", "|") or escaped:
        raise Cannot("an anchor stands inside a pattern")
    if opens and re.match(r"[*+?{]", regex[end:]):
        raise Cannot("an anchor is repeated in a pattern")


def _word(token: re.Match[str], dialect: Dialect) -> str:
    if token["escape"]:
        return _escape(token["escape"][1], within=False)
    if token["class"]:
        return _class(token["class"])
    if token["repeat"]:
        largest = max(int(token["least"] or 0), int(token["most"] or 0))
        if largest > dialect.repetitions:
            raise Cannot(f"a pattern repeats something {largest} times")
        return token["repeat"]
    if token["open"]:
        return "(?:"
    if token["any"]:
        return "[^\\n]"
    if token["start"] or token["end"]:
        return ""
    return token["char"] or token["close"] or token["or"]


def _escape(char: str, *, within: bool) -> str:
    if char in _CLASSES:
        return _CLASSES[char] if within else f"[{_CLASSES[char]}]"
    if char in ("D", "W", "S") and not within:
        return f"[^{_CLASSES[char.lower()]}]"
    if char in _CONTROLS:
        return _CONTROLS[char]
    if char.isascii() and not char.isalnum() and char.isprintable():
        return f"\\{char}" if char not in "<> " else char
    raise Cannot(f"'\\{char}' in a pattern means another thing there")


def _class(text: str) -> str:
    inner = text[1:-1]
    if inner.startswith("^"):
        return f"[^{_members(inner[1:])}]"
    return f"[{_members(inner)}]"


def _members(inner: str) -> str:
    if "[:" in inner or re.search(r"\\[dws]-.|.-\\[dws]", inner):
        raise Cannot("a class of characters in a pattern is written otherwise there")
    return "".join(
        _member(first) + (f"-{_member(last)}" if last else "")
        for first, last in _MEMBERS.findall(inner)
    )


def _member(text: str) -> str:
    if len(text) == 2:
        return _escape(text[1], within=True)
    return f"\\{text}" if text in "[]^-&~\\" else text
