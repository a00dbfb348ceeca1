"""The names under which functions hear Signals: `on_task_signal` and its siblings (PROTOCOL 6.17)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, overload

from cosmo_sdk.dendrite._facade import delegate, on
from cosmo_sdk.dendrite._handlers import H, Handler, HandlerTable
from cosmo_sdk.signal_types import SignalType

_T = SignalType


class Listens:
    """Whoever lets functions register for Signals, in a table of handlers."""

    _handlers: HandlerTable

    @overload
    def on_signal(
        self,
        signal_type: SignalType,
        fn: H,
        *,
        neuron: str | None = None,
        capability: str | None = None,
        trace_id: str | None = None,
    ) -> H: ...
    @overload
    def on_signal(
        self,
        signal_type: SignalType,
        fn: None = None,
        *,
        neuron: str | None = None,
        capability: str | None = None,
        trace_id: str | None = None,
    ) -> Callable[[H], H]: ...
    def on_signal(
        self,
        signal_type: SignalType,
        fn: Handler | None = None,
        *,
        neuron: str | None = None,
        capability: str | None = None,
        trace_id: str | None = None,
    ) -> Any:
        """Decorator for any type, with the filters of every `on_*`; also callable as `on_signal(type, fn)`.

        Args:
            signal_type: the type.
            fn: the function, when this is no decorator.
            neuron: only of, or for, this participant.
            capability: only what asks for it, or else concerns a participant that has it.
            trace_id: only of this trace.
        """
        register = self._handlers.registrar(signal_type)(
            neuron=neuron, capability=capability, trace_id=trace_id
        )
        return register if fn is None else register(fn)

    on_trace = delegate("_handlers", HandlerTable.on_trace)
    on_task_signal = on(_T.TASK)
    on_agent_output = on(_T.AGENT_OUTPUT)
    on_final = on(_T.FINAL)
    on_error_signal = on(_T.ERROR)
    on_task_offer = on(_T.TASK_OFFER, "While there is one, hosted Axons do not bid by default.")
    on_bid = on(_T.BID)
    on_task_awarded = on(_T.TASK_AWARDED)
    on_task_declined = on(_T.TASK_DECLINED)
    on_plan = on(_T.PLAN)
    on_thought_delta = on(_T.THOUGHT_DELTA)
    on_audit = on(_T.AUDIT)
    on_tool_call = on(_T.TOOL_CALL)
    on_tool_result = on(_T.TOOL_RESULT)
    on_memory_append = on(_T.MEMORY_APPEND)
    on_critique = on(_T.CRITIQUE)
    on_escalation = on(_T.ESCALATION)
    on_consensus = on(_T.CONSENSUS)
    on_context_sync = on(_T.CONTEXT_SYNC)
    on_clarification = on(_T.CLARIFICATION)
    on_permission = on(_T.PERMISSION)
    on_clarification_answer = on(_T.CLARIFICATION_ANSWER)
    on_permission_decision = on(_T.PERMISSION_DECISION)
    on_recall_signal = on(_T.RECALL)
    on_imprint_signal = on(_T.IMPRINT)
    on_recalled = on(_T.RECALLED)
    on_imprinted = on(_T.IMPRINTED)
    on_register_signal = on(_T.REGISTER)
    on_deregister_signal = on(_T.DEREGISTER)
    on_heartbeat_signal = on(_T.HEARTBEAT)
    on_discover = on(_T.DISCOVER, "It answers in place of the Dendrite: see `respond_to_discover`.")
    on_stop = on(_T.STOP)
    on_stopped = on(_T.STOPPED)
    on_error = on(_T.ERROR, instead="on_error_signal")
    on_register = on(_T.REGISTER, instead="on_register_signal")
    on_deregister = on(_T.DEREGISTER, instead="on_deregister_signal")
    on_heartbeat = on(_T.HEARTBEAT, instead="on_heartbeat_signal")
