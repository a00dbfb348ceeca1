"""The shape of the house: who may import whom, and what comes with a cold start."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("cosmo_bus", "cosmo_sdk", "cosmo_doppler")
BESIDE = ("tests", "snapshots", "examples", "benchmarks")
BELOW = {
    "cosmo_bus": set(),
    "cosmo_sdk": {"cosmo_bus"},
    "cosmo_doppler": {"cosmo_bus", "cosmo_sdk"},
}
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
GENERATED = {"factories.py", "builders.py"}


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_packages_look_in_one_direction(path: Path) -> None:
    mine = path.relative_to(ROOT).parts[0]
    for name in imported(path):
        package = name.partition(".")[0]
        if package in PACKAGES:
            assert package == mine or package in BELOW[mine], f"{path} imports {name}"


def test_only_screens_and_commands_know_of_a_terminal() -> None:
    for path in MODULES:
        room = path.relative_to(ROOT).parts[:2]
        if room not in (("cosmo_doppler", "tui"), ("cosmo_doppler", "cli")):
            assert not {name.partition(".")[0] for name in imported(path)} & {"textual", "rich", "click"}, (
                path
            )


def test_no_module_is_too_long_to_read() -> None:
    ours = (path for room in (*PACKAGES, *BESIDE) for path in (ROOT / room).rglob("*.py"))
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in ours}
    assert [path for path, lines in lengths.items() if lines > 500 and path.name not in GENERATED] == []


def modules_after(program: str) -> set[str]:
    shown = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport sys\nprint(*sys.modules, sep='\\n')"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return set(shown.stdout.split())


def test_help_imports_click_and_nothing_heavy() -> None:
    loaded = modules_after("from cosmo_doppler.cli.root import run\nassert run(['--help']) == 0")
    assert "click" in loaded
    for heavy in ("textual", "rich", "msgspec", "asyncio", "cosmo_sdk", "cosmo_bus"):
        assert heavy not in loaded


@pytest.mark.parametrize("command", ["tail", "record", "dispatch", "answer", "synapse", "doppler"])
def test_no_command_imports_textual_before_it_opens_a_screen(command: str) -> None:
    assert "textual" not in modules_after(
        f"from cosmo_doppler.cli.root import run\nrun(['{command}', '--help'])"
    )


def test_agents_import_no_screen() -> None:
    loaded = {name.partition(".")[0] for name in modules_after("import cosmo_sdk")}
    assert not loaded & {"textual", "rich", "click", "cosmo_doppler"}


def test_the_pytest_plugin_brings_nothing_along_before_it_is_used() -> None:
    loaded = {
        name.partition(".")[0]
        for name in modules_after("import pytest\nimport cosmo_doppler.pytest_plugin.plugin")
    }
    assert "cosmo_doppler" in loaded
    assert not loaded & {"cosmo_sdk", "cosmo_bus", "msgspec", "asyncio", "sqlite3"}


def test_the_names_of_the_examples_are_at_the_root() -> None:
    import cosmo_sdk

    for name in (
        "Axon",
        "Dendrite",
        "InMemoryEngram",
        "MemoryRegistryStore",
        "MemorySynapse",
        "Pathway",
        "RetryStrategy",
        "Signal",
        "SignalType",
        "connect_synapse",
        "new_event_id",
        "new_trace_id",
    ):
        assert hasattr(cosmo_sdk, name), name
        assert name in cosmo_sdk.__all__


def test_no_test_file_is_imported_by_another() -> None:
    for path in (ROOT / "tests").rglob("*.py"):
        assert not [name for name in imported(path) if re.search(r"\.(test_\w+|conftest)$", name)], path
