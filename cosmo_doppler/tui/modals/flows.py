"""From a key to the bus: show the form, carry out its draft, say in one line what failed.

Each flow waits for its form, so it must run in a worker. What succeeded is not announced: the signals show it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from textual.app import App

from cosmo_doppler.controls import ControlError, Operator
from cosmo_doppler.session import Session
from cosmo_doppler.settings import DEFAULT_NAMESPACE, DEFAULT_URL
from cosmo_doppler.tui.modals.answer import (
    AnswerDraft,
    ClarificationForm,
    DecisionDraft,
    EscalationForm,
    PermissionForm,
)
from cosmo_doppler.tui.modals.connect import ConnectChoice, ConnectForm
from cosmo_doppler.tui.modals.entries import escape_json
from cosmo_doppler.tui.modals.facts import Question, question
from cosmo_doppler.tui.modals.offer import OfferDraft, OfferForm
from cosmo_doppler.tui.modals.offered import LastOffers, Offered, offered
from cosmo_doppler.tui.modals.stop import StopForm
from cosmo_doppler.tui.safe import safe
from cosmo_sdk.envelope import Signal
from cosmo_sdk.ids import new_trace_id

R = TypeVar("R")

MAX_NOTICE = 300
"""Characters of a notice."""


def tell(app: App[Any], sentence: str) -> None:
    """One calm line about something the screen does not show by itself. `sentence` may hold bus text."""
    app.notify(safe(sentence, MAX_NOTICE), markup=False)


async def compose_offer(
    app: App[Any],
    session: Session,
    *,
    again: str | None = None,
    earlier: LastOffers | None = None,
    on_sent: Callable[[str], None] | None = None,
) -> None:
    """Compose an offer or a task and send it.

    Args:
        app: shows the form.
        session: where it goes.
        again: id of the offer to begin with; left out, the form is empty.
        earlier: what was offered before; what is offered now joins it.
        on_sent: called with the new trace's id just before an offer goes out, or just after a task did.
    """
    if _read_only(app, session):
        return
    begin: Offered | None = None
    if again is not None:
        try:
            begin = offered(session, again)
        except ControlError as error:
            tell(app, str(error))
            return
    draft = await app.push_screen_wait(
        OfferForm(session, begin, earlier.newest_first() if earlier is not None else ())
    )
    if draft is not None:
        if earlier is not None and draft.kind == "offer":
            text = escape_json(json.dumps(draft.input, ensure_ascii=False))
            earlier.remember(Offered(tuple(draft.capabilities), text, draft.window_ms, draft.select))
        send = _send_task if draft.kind == "task" else _send_offer
        _apart(app, send(app, session, draft, on_sent or _nobody))


async def confirm_stop(app: App[Any], session: Session, trace_id: str) -> None:
    """Ask whether a trace shall be stopped, and stop it."""
    if _read_only(app, session):
        return
    draft = await app.push_screen_wait(StopForm(session, trace_id))
    if draft is not None:
        _apart(
            app,
            _act(
                app,
                session,
                lambda operator: operator.stop(trace_id, rollback=draft.rollback, reason=draft.reason),
            ),
        )


async def answer_request(app: App[Any], session: Session, request_id: str | None = None) -> None:
    """Show a request and send what a person replies.

    Args:
        app: shows the form.
        session: where the request came from.
        request_id: id of the request; the oldest open one when left out.
    """
    if _read_only(app, session):
        return
    asked = question(session, request_id)
    if asked is None:
        tell(app, "That request is not known any more." if request_id else "Nobody waits for an answer.")
    elif asked.kind == "CLARIFICATION":
        answer = await app.push_screen_wait(ClarificationForm(session, asked))
        if answer is not None and asked.signal is not None:
            _apart(app, _send_answer(app, session, asked, asked.signal, answer))
    elif asked.kind == "PERMISSION":
        decision = await app.push_screen_wait(PermissionForm(session, asked))
        if decision is not None and asked.signal is not None:
            _apart(app, _send_decision(app, session, asked, asked.signal, decision))
    else:
        await app.push_screen_wait(EscalationForm(session, asked))


async def connect(
    app: App[Any], *, url: str = DEFAULT_URL, namespace: str = DEFAULT_NAMESPACE
) -> ConnectChoice | None:
    """Ask what to look at. None when the person wants to stay where they are."""
    return await app.push_screen_wait(ConnectForm(url, namespace))


async def _send_offer(
    app: App[Any], session: Session, draft: OfferDraft, on_sent: Callable[[str], None]
) -> None:
    trace_id = new_trace_id()
    on_sent(trace_id)
    outcome = await _act(
        app,
        session,
        lambda operator: operator.offer(
            input=draft.input,
            capabilities=draft.capabilities,
            deadline_ms=draft.window_ms,
            select=draft.select,
            trace_id=trace_id,
        ),
    )
    if outcome is not None and outcome.state == "failed":
        tell(app, outcome.words)


async def _send_task(
    app: App[Any], session: Session, draft: OfferDraft, on_sent: Callable[[str], None]
) -> None:
    trace_id = await _act(
        app,
        session,
        lambda operator: operator.task(
            input=draft.input, neuron=draft.neuron or None, capabilities=draft.capabilities
        ),
    )
    if trace_id is not None:
        on_sent(trace_id)


def _nobody(trace_id: str) -> None:
    """For callers that do not care which trace it is."""


async def _send_answer(
    app: App[Any], session: Session, asked: Question, request: Signal, draft: AnswerDraft
) -> None:
    await _act(
        app,
        session,
        lambda operator: operator.answer(
            request, answer=draft.answer, redispatch=draft.redispatch, original=asked.original
        ),
    )


async def _send_decision(
    app: App[Any], session: Session, asked: Question, request: Signal, draft: DecisionDraft
) -> None:
    await _act(
        app,
        session,
        lambda operator: operator.decide(
            request,
            granted=draft.granted,
            reason=draft.reason,
            redispatch=draft.redispatch,
            original=asked.original,
        ),
    )


def _apart(app: App[Any], sending: Coroutine[Any, Any, Any]) -> None:
    """Send in a worker of its own: a round of bids may take minutes, and the next form must not cut it short."""
    app.run_worker(sending, group="acting")


def _read_only(app: App[Any], session: Session) -> bool:
    """Whether acting is off; says why."""
    if session.read_only_reason:
        tell(app, session.read_only_reason)
    return bool(session.read_only_reason)


async def _act(
    app: App[Any], session: Session, call: Callable[[Operator], Coroutine[Any, Any, R]]
) -> R | None:
    """Act on the session's bus. None when that failed, which has been said by then."""
    try:
        return await session.act(call)
    except ControlError as error:
        tell(app, str(error))
        return None
