"""The root of all commands: their table, `--version`, and the one way out."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NamedTuple, NoReturn

import click

from cosmo_doppler.cli.exits import Exit, leave_pipe, report
from cosmo_doppler.cli.logs import flush_log, set_up_logging
from cosmo_doppler.cli.output import ReaderLeft


class Entry(NamedTuple):
    """One command in the table."""

    module: str
    """Where it lives, under `cosmo_doppler.cli`; it is called `command` there."""
    summary: str
    """Its line in `cosmo --help`; empty hides it."""


COMMANDS: dict[str, Entry] = {
    "doppler": Entry("doppler", "Watch a bus, a recording or the demo in the terminal."),
    "tail": Entry("tail", "Print signals as they pass, one line each."),
    "record": Entry("record", "Write everything that passes to a file that doppler opens."),
    "replay": Entry("replay", "Send a recording to a bus again."),
    "compare": Entry("compare", "Put two traces side by side, of one recording or of two."),
    "export": Entry("export", "Write a part of a recording: signals, bids, or a page."),
    "auctions": Entry("auctions", "Explain who won the auctions of recordings, and who would have."),
    "registry": Entry("registry", "List who is there."),
    "coord": Entry("coord", "Look into a coordination store, and show it on a bus."),
    "synapse": Entry("synapse", "Start, view and stop a bus."),
    "dispatch": Entry("dispatch", "Send a task or an offer and print the reply."),
    "answer": Entry("answer", "Answer the questions agents wait on."),
    "gate": Entry("gate", "Hold signals inside the bus and let them go one by one."),
    "chaos": Entry("chaos", "Lose, double, delay or reorder signals, to test agents."),
    "stop": Entry("stop", "Stop the work on a trace."),
    "completion": Entry("completion", "Print a completion script for your shell."),
    "prism": Entry("doppler", ""),
}
"""Every command. The summaries stand here so that `cosmo --help` imports none of the modules."""


class LazyGroup(click.Group):
    """A group that imports a command when it is named."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names to show, in the order of the table."""
        return [name for name, entry in COMMANDS.items() if entry.summary]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command; None when there is none of that name."""
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        command = import_module(f"cosmo_doppler.cli.{entry.module}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name].summary) for name in self.list_commands(ctx)])


_EXAMPLES = """\b
Examples:
  cosmo doppler --demo                 (start here: a live market to look at)
  cosmo synapse start memory -n dev    (a bus of your own; then, in another terminal:)
  cosmo doppler
  cosmo record -o session.ndjson
  cosmo doppler session.ndjson"""


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=_EXAMPLES,
)
@click.version_option(package_name="cosmo-doppler", prog_name="cosmo")
def cosmo() -> None:
    """Watch, record and steer agents that talk over a bus.

    Data goes to stdout, words to stderr.

    \b
    Exit codes:
      0 done              2 wrong usage             4 nobody bid
      1 failed            3 cannot reach the bus    130 interrupted

    \b
    Environment; options win:
      COSMO_URL, COSMO_NAMESPACE        the bus and the namespace
      COSMO_TOKEN_FILE, COSMO_TLS_CA    the file with the bus's token; CAs to trust
      COSMO_CONFIG                      the settings, instead of the usual doppler.toml
      COSMO_STATE                       where the screen keeps how it was arranged; none: nowhere
      COSMO_LOG, COSMO_LOG_FORMAT       info or debug: the log, on stderr; json: as JSON
      COSMO_LOOP                        asyncio: without uvloop
      NO_COLOR                          no colours
    """


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code. Every error becomes one line on stderr here.

    Args:
        arguments: the words after the program's name; None takes them from the process.
    """
    set_up_logging()
    try:
        outcome = cosmo.main(args=arguments, prog_name="cosmo", standalone_mode=False)
        sys.stdout.flush()
    except (BrokenPipeError, ReaderLeft):
        return leave_pipe()
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  (the one place that turns errors into words)
        flush_log()
        return report(error)
    return outcome if isinstance(outcome, int) else Exit.DONE


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command line and exit with its code. The entry point of the scripts."""
    sys.exit(run(arguments))
