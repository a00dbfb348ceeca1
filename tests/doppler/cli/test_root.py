from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from click.shell_completion import BashComplete

from cosmo_doppler.cli.root import COMMANDS, cosmo
from tests.doppler.cli.commands import cosmo as run
from tests.doppler.cli.typed import commands_in, every_command, read

EVERY = every_command()


def test_help_lists_every_command_with_its_summary() -> None:
    shown = run("--help")
    assert shown.returncode == 0
    for name, entry in COMMANDS.items():
        assert (name in shown.stdout) == bool(entry.summary)
        assert entry.summary in shown.stdout


@pytest.mark.parametrize("words", EVERY)
def test_every_command_explains_itself(words: str) -> None:
    command = EVERY[words]
    assert len(command.help or "") > 10
    assert "Examples:" in command.get_help(click.Context(command, info_name=words))


@pytest.mark.parametrize("words", EVERY)
def test_every_example_can_be_typed(words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "changed.json").write_text("{}")
    typed = []
    for line in commands_in(EVERY[words].epilog or ""):
        with read(line) as context:
            typed.append(context.command_path)
    assert any(path.startswith(words) for path in typed)


def test_the_version_is_told() -> None:
    shown = run("--version")
    assert shown.stdout.startswith("cosmo, version ")
    assert shown.returncode == 0


def test_an_unknown_command_is_named_in_one_line() -> None:
    shown = run("observe")
    assert shown.returncode == 2
    assert shown.stderr == "error: No such command 'observe'; see `cosmo --help`\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_complete(shell: str) -> None:
    shown = run("completion", shell)
    assert shown.returncode == 0
    assert "_COSMO_COMPLETE" in shown.stdout
    assert shown.stdout.startswith("#")
    assert not run("completion", shell, "--no-hint").stdout.startswith("# ")


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("doppler ses", ["file,ses"]),
        ("compare ses", ["file,ses"]),
        ("doppler --report ses", ["file,ses"]),
        ("doppler --view fa", ["plain,faults"]),
        ("tail --type task-", []),
        ("tail --type bi", ["plain,BID"]),
        ("synapse st", ["plain,start", "plain,stop"]),
    ],
)
def test_tab_offers_what_fits(words: str, offered: list[str]) -> None:
    *before, begun = words.split()
    found = BashComplete(cosmo, {}, "cosmo", "_COSMO_COMPLETE").get_completions(before, begun)
    assert [f"{each.type},{each.value}" for each in found] == offered


def test_completion_of_an_unknown_shell_is_refused() -> None:
    assert run("completion", "tcsh").returncode == 2


def test_commands_complete_themselves() -> None:
    shown = run(_COSMO_COMPLETE="bash_complete", COMP_WORDS="cosmo reg", COMP_CWORD="1")
    assert shown.stdout == "plain,registry\n"


def test_the_log_goes_to_stderr_as_text_or_as_json(nobody_there: str) -> None:
    told = ("stop", "trc_x", "--url", nobody_there)
    assert "DEBUG asyncio: " in run(*told, COSMO_LOG="debug").stderr
    lines = run(*told, COSMO_LOG="debug", COSMO_LOG_FORMAT="json").stderr.splitlines()
    record = json.loads(lines[0])
    assert (record["level"], record["logger"]) == ("debug", "asyncio")
    assert record["ts"].endswith("+00:00")
    assert lines[-1].startswith("error: cannot reach the bus")
