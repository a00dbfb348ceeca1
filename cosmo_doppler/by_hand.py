"""What goes out by a person's hand, and says so: `meta["cosmo.source"] = "doppler"` on every Signal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from msgspec.structs import replace

from cosmo_doppler.errors import DopplerError
from cosmo_sdk.envelope import Signal
from cosmo_sdk.errors import CosmoError
from cosmo_sdk.synapse.base import FrameHandler, SignalHandler, Subscription, Synapse, SynapseState

SOURCE_KEY = "cosmo.source"
SOURCE = "doppler"
"""Who sent it, under `meta[SOURCE_KEY]`."""


class ControlError(DopplerError):
    """What a person asked for could not be done. Its text is one sentence that says why."""


class MarkedSynapse(Synapse):
    """Another synapse, except that every Signal published through it says that Doppler sent it."""

    def __init__(self, inner: Synapse) -> None:
        self._inner = inner

    @property
    def state(self) -> SynapseState:
        """Where the connection stands."""
        return self._inner.state

    @property
    def undecodable(self) -> int:
        """As counted underneath."""
        return self._inner.undecodable

    @property
    def dropped(self) -> int:
        """As counted underneath."""
        return self._inner.dropped

    async def connect(self) -> None:
        """Connect the synapse underneath."""
        await self._inner.connect()

    async def close(self) -> None:
        """Close the synapse underneath."""
        await self._inner.close()

    async def publish(self, subject: str, signal: Signal) -> None:
        """Publish `signal`, marked. The caller's Signal is left as it is."""
        await self._inner.publish(subject, replace(signal, meta={**signal.meta, SOURCE_KEY: SOURCE}))

    async def subscribe(
        self, subject: str, handler: SignalHandler, *, queue_group: str | None = None
    ) -> Subscription:
        """Subscribe on the synapse underneath."""
        return await self._inner.subscribe(subject, handler, queue_group=queue_group)

    async def tap(self, pattern: str, handler: FrameHandler) -> Subscription:
        """Tap the synapse underneath."""
        return await self._inner.tap(pattern, handler)

    def on_state(self, listener: Callable[[SynapseState], None]) -> None:
        """Listen to the synapse underneath."""
        self._inner.on_state(listener)


@contextmanager
def in_words(what: str) -> Iterator[None]:
    """Turn the errors of the SDK and of the transport into a ControlError."""
    try:
        yield
    except (CosmoError, OSError, ValueError) as error:
        raise ControlError(f"{what}: {str(error).rstrip('.')}.") from error
