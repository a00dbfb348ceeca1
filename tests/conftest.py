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


_LONGEST_NAMED = 80
"""Characters of a value in a test's name. The name goes into the environment of everything the test starts."""


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name what is long, such as hostile input, by its beginning and its length."""
    text = val if isinstance(val, str | bytes) else str(val) if isinstance(val, int) else ""
    return f"{text[:24]!a}-and-so-on-{len(text)}" if len(text) > _LONGEST_NAMED else None


@pytest.fixture
def anyio_backend() -> str:
    """Textual runs on asyncio only, so everything is tested there."""
    return "asyncio"
