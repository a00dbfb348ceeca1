"""What the SDK raises.

    CosmoError
      DendriteProtocolError (also ValueError)
        RoleError            a worker tried to orchestrate
        EnvelopeError        not a Signal
        AlreadyAnswered      a question was answered by dispatch from here before
      SynapseError           (also RuntimeError) the bus is gone, refuses, or was never connected
        MissingExtra         (also ImportError) what the transport needs is not installed
      PathwayClosedError     (also RuntimeError)
        PathwayStopped       a STOP ended the trace
        PathwayShutDown      the Dendrite itself was stopped
        WinnerLost           the winner of an auction is gone, and nobody is left to do its work
      NoBids                 (also TimeoutError) nobody bid in time
      RegistryRequired       (also RuntimeError) the call needs a registry_store
      NoSuchNeuron           (also LookupError) nobody is there for a TASK
      NoOwner                (also LookupError) a hash ring without nodes
      NeuronError            (also RuntimeError) a Neuron cannot do its task, and knows why

Each keeps the builtin base that existing callers catch.
"""

from __future__ import annotations

from typing import Any


class CosmoError(Exception):
    """Root of every error the SDK raises."""


class DendriteProtocolError(CosmoError, ValueError):
    """A call that the protocol forbids: wrong type, wrong role, wrong shape."""


class RoleError(DendriteProtocolError):
    """A worker tried to do what only an orchestrator may.

    Attributes:
        operation: the method that was called.
        role: the role of the Dendrite.
    """

    def __init__(self, operation: str, role: str) -> None:
        self.operation = operation
        self.role = role
        super().__init__(
            f'{operation}() needs role="orchestrator", this Dendrite has role="{role}"; '
            "a worker may bid(), publish() replies and answer questions"
        )


class EnvelopeError(DendriteProtocolError):
    """Bytes that are no Signal.

    Attributes:
        field: the envelope field at fault, empty when the whole frame is.
        frame: the first 200 bytes of what arrived.
    """

    def __init__(self, reason: str, *, field: str = "", frame: bytes = b"") -> None:
        self.field = field
        self.frame = frame[:200]
        super().__init__(reason)


class AlreadyAnswered(DendriteProtocolError):
    """A question was answered by dispatch from here before: its asker would do the work twice.

    Attributes:
        request_id: the question.
        task_id: the TASK that answered it.
    """

    def __init__(self, request_id: str, task_id: str) -> None:
        self.request_id = request_id
        self.task_id = task_id
        super().__init__(
            f"{request_id} was answered with {task_id} already; again=True dispatches its asker once more"
        )


class SynapseError(CosmoError, RuntimeError):
    """The transport cannot do what was asked: not connected, refused, lost, frame too large."""


class MissingExtra(SynapseError, ImportError):
    """A transport needs a package that is not installed. The message names what to install."""


class PathwayClosedError(CosmoError, RuntimeError):
    """The Pathway closed before what was awaited arrived.

    Attributes:
        trace_id: the trace it watched.
    """

    def __init__(self, trace_id: str, reason: str = "closed") -> None:
        self.trace_id = trace_id
        self.reason = reason
        super().__init__(f"pathway of {trace_id} closed: {reason}")

    def again(self) -> PathwayClosedError:
        """A fresh exception saying the same: one object raised to several waiters would share a traceback."""
        return type(self)(self.trace_id, self.reason)


class PathwayStopped(PathwayClosedError):
    """A STOP ended the trace. Never retried."""


class PathwayShutDown(PathwayClosedError):
    """The Dendrite that owned the Pathway was stopped. Never retried."""


class WinnerLost(PathwayClosedError):
    """The winner of an auction is gone without an answer, and the work passed to nobody else.

    Attributes:
        neuron: the last winner.
        awards: how often the work was awarded.
    """

    def __init__(self, trace_id: str, reason: str, *, neuron: str = "", awards: int = 1) -> None:
        self.neuron = neuron
        self.awards = awards
        super().__init__(trace_id, reason)

    def again(self) -> WinnerLost:
        """A fresh exception saying the same."""
        return type(self)(self.trace_id, self.reason, neuron=self.neuron, awards=self.awards)


class NoBids(CosmoError, TimeoutError):
    """Nobody bid before the window closed.

    Attributes:
        trace_id: the trace of the offer.
        deadline_ms: the window, milliseconds.
        invalid: bids that arrived but could not win (see `Bid.problem`).
    """

    def __init__(self, trace_id: str, deadline_ms: int, invalid: int = 0) -> None:
        self.trace_id = trace_id
        self.deadline_ms = deadline_ms
        self.invalid = invalid
        extra = f" ({invalid} invalid)" if invalid else ""
        super().__init__(f"dispatch_offer: no BID arrived within {deadline_ms}ms{extra}")


class RegistryRequired(CosmoError, RuntimeError):
    """The call reads the registry, and this Dendrite was built without `registry_store=`."""

    def __init__(self, operation: str) -> None:
        self.operation = operation
        super().__init__(
            f"{operation}() needs a registry: pass registry_store=MemoryRegistryStore() to the Dendrite"
        )


class NoOwner(CosmoError, LookupError):
    """Nobody is on the ring, so nobody owns the key.

    Attributes:
        key: whose owner was asked for.
    """

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(f"nobody owns {key[:60]!r}: the ring has no nodes; is a worker registered?")


class NoSuchNeuron(CosmoError, LookupError):
    """Nobody is there for a TASK.

    Attributes:
        neuron: who it was for, if for one.
        capabilities: what it asked for.
    """

    code = "NO_SUCH_NEURON"
    recoverable = True

    def __init__(self, neuron: str | None, capabilities: list[str], waited_s: float) -> None:
        self.neuron = neuron
        self.capabilities = capabilities
        whom = f"neuron {neuron!r}" if neuron is not None else f"any Neuron with {', '.join(capabilities)}"
        super().__init__(
            f"{whom} is not there: not registered, and no answer to a DISCOVER in {waited_s:g} s"
        )


class NeuronError(CosmoError, RuntimeError):
    """A Neuron cannot do its task, and knows why. Its Axon answers with an ERROR that says the same.

    Any Neuron function may raise it. Of every other exception an Axon takes `code` and `recoverable` too, where it has
    them.

    Attributes:
        code: tells causes apart, for programs.
        recoverable: whether trying again may help; `RetryStrategy` does then.
        meta: annotations of the ERROR. `cosmo.retry_after_s` says how many seconds to wait before that.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "NEURON_ERROR",
        recoverable: bool = False,
        meta: dict[str, Any] | None = None,
    ) -> None:
        self.code = code
        self.recoverable = recoverable
        self.meta = dict(meta or {})
        super().__init__(message)

    def again(self, message: str | None = None) -> NeuronError:
        """A fresh exception saying the same, or the same in other words."""
        told = str(self) if message is None else message
        return NeuronError(told, code=self.code, recoverable=self.recoverable, meta=self.meta)
