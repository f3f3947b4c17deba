"""No module of the console but `text` can put a text on the screen. Read from the source."""

import ast
from pathlib import Path

import pytest

import ostler.tui

MODULES = sorted(
    path for path in Path(ostler.tui.__file__).parent.rglob("*.py") if path.name != "text.py"
)
MAKERS = {"Static", "Label", "Content", "Text", "Markdown", "Log", "RichLog", "Link", "Button"}
WRITERS = {"update", "show_instead", "say", "write", "write_line", "notify", "add_option"}
BANNED = {
    "notify",
    "from_markup",
    "from_text",
    "from_rich_text",
    "assemble",
    "styled",
    "append_text",
}


def calls(tree: ast.AST) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def name_of(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def is_text(node: ast.expr) -> bool:
    """A string, or something that can only be one."""
    match node:
        case ast.Constant(value=str()) | ast.JoinedStr():
            return True
        case ast.BinOp(op=ast.Mod() | ast.Add(), left=left):
            return is_text(left)
        case ast.Call(func=ast.Name(id="str" | "repr" | "visible")):
            return True
    return False


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_text_reaches_widgets_through_one_module(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for call in calls(tree):
        name = name_of(call)
        where = f"{path.name}:{call.lineno}: {ast.unparse(call)}"
        assert name not in BANNED, where
        if name in MAKERS:
            assert not call.args or not is_text(call.args[0]), where
            assert name != "Content", where
        if name == "Static":
            assert any(
                keyword.arg == "markup" and getattr(keyword.value, "value", None) is False
                for keyword in call.keywords
            ), where
        if name in WRITERS:
            assert not any(is_text(argument) for argument in call.args), where
        assert not any(
            keyword.arg == "markup" and getattr(keyword.value, "value", None) is not False
            for keyword in call.keywords
        ), where


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_our_own_words_are_literals(path: Path) -> None:
    for call in calls(ast.parse(path.read_text(encoding="utf-8"))):
        if name_of(call) == "ours":
            words = call.args[0]
            where = f"{path.name}:{call.lineno}: {ast.unparse(call)}"
            # Names are literals too: pyright holds the parameter's type, LiteralString, to it.
            assert not isinstance(words, ast.JoinedStr | ast.BinOp | ast.Call), where


def test_the_rule_sees_what_it_forbids() -> None:
    sources = ["Static(f'{x}', markup=False)", "Content(x)", "w.update('a' + x)", "app.notify(x)"]
    for source in sources:
        [call] = [c for c in calls(ast.parse(source)) if name_of(c) in MAKERS | WRITERS | BANNED]
        broken = (
            name_of(call) in BANNED
            or name_of(call) == "Content"
            or any(is_text(argument) for argument in call.args)
        )
        assert broken, source
