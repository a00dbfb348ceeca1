"""Command lines as documents show them: found in their text, and read as the program would read them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import click

from cosmo_doppler.cli.root import cosmo

_SHOWN = re.compile(r"\$\((cosmo [^)]*)\)|(?:^|\| )(cosmo .*)")
_REMARK = re.compile(r"  +\(.*")


def commands_in(text: str) -> Iterator[str]:
    """Every `cosmo ...` that a text shows to be typed, also behind a pipe or inside `$( )`."""
    for line in text.splitlines():
        if found := _SHOWN.search(line.strip()):
            yield found[1] or found[2]


def read(line: str) -> click.Context:
    """What a command would be run with; nothing is run.

    Raises:
        click.UsageError: the line is none that can be typed.
    """
    words = shlex.split(_REMARK.sub("", line), comments=True)
    for end, word in enumerate(words):
        if word in ("|", ">"):
            del words[end:]
            break
    context, command, name, arguments = None, cosmo, words[0], words[1:]
    while True:
        context = command.make_context(name, arguments, parent=context)
        if not isinstance(command, click.Group):
            return context
        rest = [*context._protected_args, *context.args]
        if not rest:
            return context
        name, command, arguments = command.resolve_command(context, rest)


def every_command() -> dict[str, click.Command]:
    """All commands by the words that name them, groups included."""
    found: dict[str, click.Command] = {}

    def walk(words: str, command: click.Command) -> None:
        found[words] = command
        if isinstance(command, click.Group):
            for name in command.list_commands(click.Context(command)):
                each = command.get_command(click.Context(command), name)
                assert each is not None
                walk(f"{words} {name}", each)

    walk("cosmo", cosmo)
    return found
