"""What the bus raises.

BusError
  PortTaken             (also OSError) something else listens there
  NotLoopback           (also ValueError) this version binds to the machine itself only
  BadUrl                (also ValueError) not cosmo://host:port
  CannotConnect         (also ConnectionError) nothing answers there, or it is no bus
  BusClosed             (also ConnectionError) not connected, or the connection went while waiting
  NoAnswer              (also TimeoutError) connected, but the bus does not answer
  Refused               the bus refuses what it was asked for; the text is its own
  LineTooLong           the bus at the other end would not take it
  GateError             (also ValueError) a gate, or what it holds, is not as the request assumes
  ChaosError            (also ValueError) a fault rule is not there or cannot be
  OutgoingFull          the bus at the other end does not read what is sent
"""

from __future__ import annotations


class BusError(Exception):
    """Root of every error of the bus."""


class PortTaken(BusError, OSError):
    """Something else listens on the port."""

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port
        super().__init__(f"port {port} on {host} is taken; stop what listens there or choose another port")


class NotLoopback(BusError, ValueError):
    """The bus has no access control yet, so it listens to its own machine only."""

    def __init__(self, host: str) -> None:
        self.host = host
        super().__init__(
            f"the bus binds to loopback only, not to {host!r}: it has no access control yet; "
            "use 127.0.0.1, ::1 or localhost"
        )


class BadUrl(BusError, ValueError):
    """A bus is named by cosmo://host:port."""

    def __init__(self, url: str) -> None:
        self.url = url
        super().__init__(f"{url!r} does not name a bus; write cosmo://host:port")


class CannotConnect(BusError, ConnectionError):
    """Nothing answers at the address, or what answers is no bus."""

    def __init__(self, url: str, reason: str) -> None:
        self.url = url
        self.reason = reason
        super().__init__(f"cannot reach the bus at {url}: {reason}")


class BusClosed(BusError, ConnectionError):
    """There is no connection to send on."""


class NoAnswer(BusError, TimeoutError):
    """The connection stands, but the bus did not answer in time."""


class Refused(BusError):
    """The bus refuses what it was asked for. The text is the bus's own."""


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
