"""`cosmo answer`: the questions agents wait on, asked at the terminal."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from collections import OrderedDict
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from cosmo_doppler.cli.exits import CommandError
from cosmo_doppler.cli.options import bus_options, examples
from cosmo_doppler.cli.output import say, show
from cosmo_doppler.cli.running import run, until_interrupted
from cosmo_doppler.settings import without_login

if TYPE_CHECKING:
    from cosmo_doppler.controls import Operator
    from cosmo_sdk.envelope import Signal

REMEMBERED_TASKS = 10_000
"""Tasks kept so that a re-dispatched answer can carry what was asked in the first place."""


@click.command(
    epilog=examples(
        "cosmo answer",
        "cosmo answer --redispatch -n quickstart",
        "yes | cosmo answer --trace trc_01M7Y84VTBY6BC1KX7ZXP2WD0G",
    )
)
@bus_options
@click.option("--trace", metavar="ID", default="", help="Only this trace; its last characters are enough.")
@click.option(
    "--redispatch",
    is_flag=True,
    help="Send the asker a new task that holds the answer. It makes any worker go on; without it the answer is a "
    "signal that only an agent waiting for it notices.",
)
def command(url: str, namespace: str, trace: str, redispatch: bool) -> None:
    """Answer CLARIFICATION and PERMISSION requests as they come, until Ctrl-C."""
    desk = Desk(trace, redispatch)
    run(lambda: desk.serve(url, namespace))


class Desk:
    """One person at a terminal, one question after the other."""

    def __init__(self, trace: str, redispatch: bool) -> None:
        self._trace = trace
        self._redispatch = redispatch
        self._questions: asyncio.Queue[Signal] = asyncio.Queue()
        self._tasks: OrderedDict[str, Signal] = OrderedDict()

    async def serve(self, url: str, namespace: str) -> None:
        """Ask and answer until Ctrl-C or the end of stdin."""
        from cosmo_doppler.cli.connecting import on_bus, operator_of

        async with on_bus(url) as synapse, operator_of(synapse, namespace) as operator:
            for kind in ("TASK", "TASK.routed", "TASK_AWARDED"):
                await synapse.subscribe(f"cosmonapse.{namespace}.{kind}", self._remember)
            for kind in ("CLARIFICATION", "PERMISSION"):
                await synapse.subscribe(f"cosmonapse.{namespace}.{kind}", self._take)
            banner = f"waiting for questions on {without_login(url)} namespace {namespace}, Ctrl-C to leave"
            ending = await until_interrupted(self._work(operator), ready=lambda: say(banner))
        if ending == "interrupted":
            say("bye")

    def _remember(self, task: Signal) -> None:
        self._tasks[task.id] = task
        if len(self._tasks) > REMEMBERED_TASKS:
            self._tasks.popitem(last=False)

    def _take(self, request: Signal) -> None:
        if request.trace_id.endswith(self._trace):
            self._questions.put_nowait(request)

    async def _work(self, operator: Operator) -> None:
        stdin = StdinLines()
        while True:
            request = await self._questions.get()
            original = self._tasks.get(request.parent_id or "") if self._redispatch else None
            _show_request(request)
            if request.type == "CLARIFICATION":
                answer = await stdin.ask("answer: ")
                await operator.answer(request, answer=answer, redispatch=self._redispatch, original=original)
            else:
                granted = (await stdin.ask("grant? [y/N] ")).lower() in ("y", "yes")
                await operator.decide(
                    request, granted=granted, reason="", redispatch=self._redispatch, original=original
                )
            show("sent.")


def _show_request(request: Signal) -> None:
    from cosmo_doppler.tui.safe import safe

    payload = request.payload
    who = safe(request.neuron or "somebody", 80)
    show(f"\n[{request.type.lower()}] from {who}  trace={safe(request.trace_id, 80)}")
    for key in ("question", "action", "scope", "reason", "context"):
        if payload.get(key):
            value = payload[key]
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            show(f"  {key}: {safe(text, 1000)}")


class StdinLines:
    """Lines of stdin, read in a thread so that the bus is served while a person thinks."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()
        # A daemon: nothing can wake a thread that waits for a person, and the process must end without it.
        threading.Thread(target=self._read, name="cosmo-stdin", daemon=True).start()

    async def ask(self, prompt: str) -> str:
        """Show a prompt and return the next line.

        Raises:
            CommandError: stdin has ended.
        """
        print(prompt, end="", file=sys.stderr, flush=True)  # noqa: T201
        line = await self._lines.get()
        if line is None:
            raise CommandError("stdin ended before the question was answered", "run it in a terminal")
        return line.strip()

    def _read(self) -> None:
        # Not through sys.stdin: its lock would still be held by this thread when the interpreter ends.
        unfinished = b""
        while data := os.read(sys.stdin.fileno(), 65_536):
            *lines, unfinished = (unfinished + data).split(b"\n")
            for line in lines:
                self._put(line.decode("utf-8", "replace"))
        if unfinished:
            self._put(unfinished.decode("utf-8", "replace"))
        self._put(None)

    def _put(self, line: str | None) -> None:
        with suppress(RuntimeError):  # the loop has ended: nobody waits for the line
            self._loop.call_soon_threadsafe(self._lines.put_nowait, line)
