"""Released packages of the protocol, each in an environment of its own, and ways to run them."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cosmo_sdk.envelope import Signal

VERSIONS = ("0.1.4", "0.1.14")
"""One release for each code of the bus and its client: 0.1.8 has that of 0.1.4, and 0.1.12 that of 0.1.14.

Agents and commands differ in more: those are tried with every version of `versions.py`.
"""

ANSWER_S = 20
_ROOT = Path(__file__).resolve().parents[2]
_CLIENT = Path(__file__).with_name("peer_client.py")


def peers_directory() -> Path:
    """Where the environments are: COSMO_PEERS_DIR, else .peers in the project."""
    return Path(os.environ.get("COSMO_PEERS_DIR") or _ROOT / ".peers")


@dataclass(frozen=True)
class Completed:
    """What a command of a peer said."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Peer:
    """One released version."""

    version: str
    directory: Path

    @property
    def python(self) -> Path:
        return self.directory / "bin" / "python"

    @property
    def cosmo(self) -> Path:
        return self.directory / "bin" / "cosmo"

    async def run(self, *arguments: str) -> Completed:
        """Run its `cosmo` to the end."""
        process = await _start(self.cosmo, *arguments)
        out, err = await asyncio.wait_for(process.communicate(), ANSWER_S)
        return Completed(process.returncode or 0, out.decode(), err.decode())

    @asynccontextmanager
    async def command(self, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
        """Run its `cosmo` for the length of the block, stdin and stdout open."""
        async with _running(self.cosmo, *arguments) as process:
            yield process

    @asynccontextmanager
    async def script(self, path: Path, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
        """Run a Python file with this version installed, for the length of the block."""
        async with _running(self.python, str(path), *arguments) as process:
            yield process

    @asynccontextmanager
    async def bus(self, namespace: str = "dev") -> AsyncIterator[str]:
        """Its own bus on a free port; gives the URL."""
        arguments = ("synapse", "start", "memory", "--namespace", namespace, "--port", "0")
        async with self.command(*arguments) as process:
            banner = await read_until(process, r"URL:\s+(cosmo://\S+)")
            reading = asyncio.create_task(_discard(process))
            try:
                yield banner[1]
            finally:
                reading.cancel()

    @asynccontextmanager
    async def client(self, url: str) -> AsyncIterator[PeerClient]:
        """Its own client, connected to a bus."""
        async with self.script(_CLIENT, url) as process:
            client = PeerClient(process)
            assert await client.heard() == {"ready": True}
            yield client


class PeerClient:
    """A released client in a process of its own (see peer_client.py)."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def heard(self) -> dict[str, Any]:
        """The next line it prints."""
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), ANSWER_S)
        assert line, "the peer ended"
        return json.loads(line)

    async def received(self) -> Signal:
        """The next Signal one of its subscriptions got."""
        return Signal.decode((await self.heard())["received"])

    async def subscribe(self, subject: str, *, queue_group: str | None = None) -> None:
        self._tell(do="subscribe", subject=subject, queue_group=queue_group)
        assert await self.heard() == {"subscribed": subject}

    def publish(self, subject: str, signal: Signal) -> None:
        self._tell(do="publish", subject=subject, signal=signal.encode().decode())

    async def request(self, subject: str, signal: Signal) -> Signal:
        self._tell(do="request", subject=subject, signal=signal.encode().decode())
        return await self.received()

    def _tell(self, **order: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")


async def read_until(process: asyncio.subprocess.Process, pattern: str) -> re.Match[str]:
    """Read lines of stdout until one matches."""
    assert process.stdout is not None
    seen = ""
    async with asyncio.timeout(ANSWER_S):
        while line := (await process.stdout.readline()).decode():
            seen += line
            if found := re.search(pattern, line):
                return found
    raise AssertionError(f"the process ended without {pattern!r}; it said {seen!r}")


def install(version: str) -> Peer:
    """The environment of a version, made if it is missing."""
    peer = Peer(version, peers_directory() / version)
    if not peer.cosmo.exists():
        subprocess.run([sys.executable, "-m", "venv", str(peer.directory)], check=True)
        subprocess.run(
            [str(peer.python), "-m", "pip", "install", "--quiet", f"cosmonapse=={version}"], check=True
        )
    return peer


def install_nats(peer: Peer) -> None:
    """Add what a peer needs to speak to NATS, if it is missing: no release brings it along."""
    if subprocess.run([str(peer.python), "-c", "import nats"], capture_output=True, check=False).returncode:
        subprocess.run([str(peer.python), "-m", "pip", "install", "--quiet", "nats-py>=2.16,<3"], check=True)


async def _start(program: Path, *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        program,
        *arguments,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        limit=1 << 24,
        env={**os.environ, "PYTHONUNBUFFERED": "1", "NO_COLOR": "1", "COLUMNS": "200"},
    )


@asynccontextmanager
async def _running(program: Path, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await _start(program, *arguments)
    assert process.stderr is not None
    complaints = asyncio.create_task(process.stderr.read())
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        if said := (await complaints).decode():
            # Shown by pytest when the test fails.
            print(f"--- {program.name} {' '.join(arguments)}\n{said}", file=sys.stderr)
        _close(process)


def _close(process: asyncio.subprocess.Process) -> None:
    """Close the pipes now; the loop would leave it to the garbage collector, which warns."""
    process._transport.close()  # type: ignore[attr-defined]


async def _discard(process: asyncio.subprocess.Process) -> None:
    """Read on: a full pipe would stop that bus."""
    assert process.stdout is not None
    while await process.stdout.readline():
        pass
