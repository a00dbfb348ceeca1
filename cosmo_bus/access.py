"""Who may come in: the token of a bus, where it is kept, and the strangers who have not shown it yet."""

from __future__ import annotations

import asyncio
import hmac
import logging
import os
import stat
from pathlib import Path
from typing import Protocol

from cosmo_bus.errors import TokenError

logger = logging.getLogger(__name__)

TOKEN_VARIABLE = "COSMO_TOKEN_FILE"
"""Environment variable: the file that holds the token. The token itself is never an argument: `ps` shows those."""

NO_TOKEN = f"it asks for a token; name the file that holds it in {TOKEN_VARIABLE}"
"""Why a bus with a token lets nobody in who has none."""

TOKEN_AUTH = "token"
"""What a welcome says under `auth` when the bus asks for a token."""

STRANGER_MAX_LINE = 8 << 10
"""Bytes of the one line that a client may send before it is known."""

STRANGER_PATIENCE_S = 5.0
"""How long a client may take to say who it is, seconds."""

MAX_STRANGERS = 64
"""Clients that may be unknown at once. One more, and the one that has been for longest is sent away."""


def read_token(path: Path) -> str:
    """The token in a file: its first line, without blanks around it.

    Raises:
        TokenError: there is no such file, it cannot be read, or its first line is empty.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            token = file.readline(STRANGER_MAX_LINE // 2).decode().strip()
    except OSError as error:
        raise TokenError(f"cannot read the token file {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise TokenError(f"the token file {path} is no text") from None
    if not token:
        raise TokenError(f"the token file {path} is empty; its first line must be the token")
    if mode & (stat.S_IRGRP | stat.S_IROTH) and os.name == "posix":
        logger.warning("other users may read the token file %s; `chmod 600` keeps it to yourself", path)
    return token


def token_from_environment() -> str | None:
    """The token in the file that `COSMO_TOKEN_FILE` names; None when it names none.

    Raises:
        TokenError: it names one that cannot be used.
    """
    path = os.environ.get(TOKEN_VARIABLE)
    return read_token(Path(path)) if path else None


class Stranger(Protocol):
    """A session that has not shown the token."""

    def turn_away(self, message: str) -> None:
        """Say why, and disconnect."""
        ...


class Doorkeeper:
    """Knows the token, and bounds what those who have not shown it may cost.

    Args:
        loop: whose clock says how long somebody stands there.
        token: what a client must present in `hello`.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, token: str) -> None:
        self._loop = loop
        self._token = token.encode()
        self._strangers: dict[Stranger, asyncio.TimerHandle] = {}

    def admits(self, token: str | None) -> bool:
        """Whether that is the token. Takes as long for a nearly right one as for any other."""
        return token is not None and hmac.compare_digest(token.encode("utf-8", "replace"), self._token)

    def receive(self, stranger: Stranger) -> None:
        """Somebody came. They have a few seconds, and less when many others come."""
        if len(self._strangers) >= MAX_STRANGERS:
            self._turn_away(next(iter(self._strangers)), "too many clients that have not said hello")
        self._strangers[stranger] = self._loop.call_later(
            STRANGER_PATIENCE_S, self._turn_away, stranger, f"no hello within {STRANGER_PATIENCE_S:g} s"
        )

    def forget(self, stranger: Stranger) -> None:
        """They are known now, or gone. Again: nothing."""
        timer = self._strangers.pop(stranger, None)
        if timer is not None:
            timer.cancel()

    def _turn_away(self, stranger: Stranger, message: str) -> None:
        self.forget(stranger)
        stranger.turn_away(message)
