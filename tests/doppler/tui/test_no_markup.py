"""No text on the screen is ever parsed as markup: what parses is named here, and found in the source."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

TUI = Path(__file__).parents[3] / "cosmo_doppler" / "tui"
PARSES = {"Static", "Label", "RichLog", "notify", "Tooltip", "Markdown", "MarkupText"}
"""Called without `markup=False`, these read `[red]` as an order."""
LITERAL_ONLY = {"Button", "OptionList", "Option", "Tree", "DataTable"}
"""These parse a plain string whatever one says; they want `Content` or `Text`."""
TITLES = {"border_title", "border_subtitle", "tooltip"}


def offences(source: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            found += _call(node)
        elif isinstance(node, ast.Assign):
            found += [
                f"line {node.lineno}: {target.attr} parses what is no literal"
                for target in node.targets
                if isinstance(target, ast.Attribute)
                and target.attr in TITLES
                and not isinstance(node.value, ast.Constant)
            ]
    return found


def _call(node: ast.Call) -> list[str]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    markup = next((word.value for word in node.keywords if word.arg == "markup"), None)
    off = isinstance(markup, ast.Constant) and markup.value is False
    if name == "from_markup":
        return [f"line {node.lineno}: from_markup"]
    if name == "Console" or (markup is not None and not off):
        return [] if name == "Console" else [f"line {node.lineno}: markup is on"]
    if name in PARSES and not off:
        return [f"line {node.lineno}: {name} without markup=False"]
    first = node.args[0] if node.args else None
    if name in LITERAL_ONLY and first is not None and not isinstance(first, ast.Call):
        return [f"line {node.lineno}: {name} of a plain string"]
    return []


@pytest.mark.parametrize("path", sorted(TUI.rglob("*.py")), ids=lambda path: path.relative_to(TUI).as_posix())
def test_nothing_parses_markup(path: Path) -> None:
    assert offences(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "line",
    [
        "Static(name)",
        "app.notify(name)",
        "Static(name, markup=True)",
        "Content.from_markup(name)",
        "Button(name)",
        "pane.border_title = name",
        "widget.tooltip = f'{name}'",
    ],
)
def test_it_would_be_found(line: str) -> None:
    assert offences(line) != []
