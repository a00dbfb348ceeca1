"""The table in README.md names tests that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TABLE = Path(__file__).with_name("README.md").read_text()


def names_in(path: str) -> set[str]:
    """The test functions of a file."""
    tree = ast.parse((ROOT / path).read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_point_has_a_row_with_tests_that_exist() -> None:
    rows = re.findall(r"^\| (C\d+) \|.*\| (`.+`) \|$", TABLE, re.MULTILINE)
    assert [point for point, _ in rows] == [f"C{number}" for number in range(1, 17)]
    for point, named in rows:
        for path, test in re.findall(r"`([^`]+)::(\w+)`", named):
            assert test in names_in(path), f"{point} names {path}::{test}, which is not there"
