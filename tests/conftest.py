"""What every test shares."""

from __future__ import annotations

import os
import signal
import sys

import pytest
from hypothesis import settings

# How long an example takes says more about the machine than about us. The same examples every time, so that a change
# is judged by what it changes; `HYPOTHESIS_PROFILE=explore` looks for new ones.
settings.register_profile("patient", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "patient"))

# What runs in the background of a shell ignores Ctrl-C, and so would every command that the tests start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Hundreds of commands are started: without kept bytecode each would compile all of us again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


@pytest.fixture
def anyio_backend() -> str:
    """Textual runs on asyncio only, so everything is tested there."""
    return "asyncio"
