"""What the bus raises.

BusError
  PortTaken             (also OSError) something else listens there
  NotLoopback           (also ValueError) without a token a bus serves its own machine only
  TokenError            (also ValueError) the file with the token cannot be used
  TlsError              (also ValueError) a certificate, key or CA file cannot be used
  BadUrl                (also ValueError) neither cosmo://host:port nor cosmos://host:port
  CannotConnect         (also ConnectionError) nothing answers there, or it is no bus
    NotAdmitted         a bus is there and does not let us in: because of the token, or of TLS
  BusClosed             (also ConnectionError) not connected, or the connection went while waiting
  NoAnswer              (also TimeoutError) connected, but the bus does not answer
  Refused               the bus refuses what it was asked for; the text is its own
  NamespaceTaken        somebody else announced the namespace and is still there
  LineTooLong           the bus at the other end would not take it
  GateError             (also ValueError) a gate, or what it holds, is not as the request assumes
  ChaosError            (also ValueError) a fault rule is not there or cannot be
  OutgoingFull          the bus at the other end does not read what is sent
"""

from __future__ import annotations

NOBODY_THERE = "nothing listens there"
"""The reason of a `CannotConnect` that starting a bus would mend."""


class BusError(Exception):
    """Root of every error of the bus."""


class PortTaken(BusError, OSError):
    """Something else listens on the port."""

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port
        super().__init__(f"port {port} on {host} is taken; stop what listens there or choose another port")


class NotLoopback(BusError, ValueError):
    """Whoever can reach a bus can command its agents: beyond its own machine it asks for a token."""

    def __init__(self, host: str) -> None:
        self.host = host
        super().__init__(
            f"{host!r} is not loopback only, and others can reach it: write a secret to a file and start the bus "
            "with --token-file FILE (in Python: BusServer(token=...)), or listen on 127.0.0.1"
        )


class TokenError(BusError, ValueError):
    """The file with the token is missing, unreadable or empty. The token is never part of the text."""


class TlsError(BusError, ValueError):
    """A certificate, a key or a list of CAs cannot be used."""


class BadUrl(BusError, ValueError):
    """A bus is named by cosmo://host:port, or cosmos://host:port when it speaks TLS."""

    def __init__(self, url: str) -> None:
        self.url = url
        super().__init__(f"{url!r} does not name a bus; write cosmo://host:port, or cosmos:// for TLS")


class CannotConnect(BusError, ConnectionError):
    """Nothing answers at the address, or what answers is no bus."""

    def __init__(self, url: str, reason: str) -> None:
        self.url = url
        self.reason = reason
        super().__init__(f"cannot reach the bus at {url}: {reason}")


class NotAdmitted(CannotConnect):
    """A bus is there and does not let us in: the token is missing or wrong, or TLS is on one side only."""


class BusClosed(BusError, ConnectionError):
    """There is no connection to send on."""


class NoAnswer(BusError, TimeoutError):
    """The connection stands, but the bus did not answer in time."""


class Refused(BusError):
    """The bus refuses what it was asked for. The text is the bus's own."""


class NamespaceTaken(BusError):
    """A namespace belongs to whoever announced it, for as long as they are there."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"namespace {repr(name)[:200]} belongs to another connection; stop it there first")


class LineTooLong(BusError):
    """A frame larger than the bus at the other end takes.

    Attributes:
        length: bytes of the line that would have been sent.
        limit: bytes the bus takes.
    """

    def __init__(self, length: int, limit: int) -> None:
        self.length = length
        self.limit = limit
        super().__init__(
            f"this message is a line of {length:,} bytes, the bus takes {limit:,}; send less, or a reference to it"
        )


class OutgoingFull(BusError):
    """More was published than the bus reads, and nobody awaited `drain()`."""

    def __init__(self, waiting: int) -> None:
        self.waiting = waiting
        super().__init__(f"{waiting:,} bytes wait to be sent and the bus does not read them")


class GateError(BusError, ValueError):
    """A gate, or a frame it holds, is not there or not as the request assumes."""


class ChaosError(BusError, ValueError):
    """A fault rule is not there, or its values cannot be."""
