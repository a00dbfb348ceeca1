"""From a key to the bus: show the form, carry out its draft, say in one line what failed.

Each flow waits for its form, so it must run in a worker. What succeeded is not announced: the signals show it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, MutableMapping, Sequence
from functools import partial
from typing import Any

from textual.app import App

from cosmo_doppler.controls import ControlError, Operator
from cosmo_doppler.model.requests import WORK_KINDS
from cosmo_doppler.offers import Template
from cosmo_doppler.session import Session
from cosmo_doppler.settings import DEFAULT_NAMESPACE, DEFAULT_URL
from cosmo_doppler.tui.modals.acting import act, apart, read_only, tell
from cosmo_doppler.tui.modals.answer import (
    AnswerDraft,
    ClarificationForm,
    DecisionDraft,
    EscalationForm,
    PermissionForm,
)
from cosmo_doppler.tui.modals.connect import ConnectChoice, ConnectForm
from cosmo_doppler.tui.modals.facts import Question, marked_traces, question, stop_outcome, trace_facts
from cosmo_doppler.tui.modals.offer import OfferForm
from cosmo_doppler.tui.modals.offer_parts import OfferDraft, Parent
from cosmo_doppler.tui.modals.offered import Offered, is_secret, offered
from cosmo_doppler.tui.modals.person_flows import answer_work, oldest_work
from cosmo_doppler.tui.modals.stop import BulkStopForm, StopForm
from cosmo_doppler.tui.offer_shelf import OfferShelf
from cosmo_doppler.tui.safe import short_id
from cosmo_doppler.tui.words import many
from cosmo_sdk.envelope import Signal
from cosmo_sdk.ids import new_trace_id


async def compose_offer(
    app: App[Any],
    session: Session,
    *,
    again: str | None = None,
    shelf: OfferShelf | None = None,
    settings: Sequence[Template] = (),
    template: Template | None = None,
    under: Parent | None = None,
    on_sent: Callable[[str], None] | None = None,
) -> None:
    """Compose an offer or a task and send it.

    Args:
        app: shows the form.
        session: where it goes.
        again: id of the offer to begin with.
        shelf: earlier offers and templates that were kept; what goes out now joins it.
        settings: further templates, which cannot be changed from here.
        template: one of them to begin with. Without it and without `again` the form is empty.
        under: the selected signal, which the person may make its cause.
        on_sent: called with the new trace's id just before an offer goes out, or just after a task did.
    """
    if read_only(app, session):
        return
    begin: Offered | None = None
    if again is not None:
        try:
            begin = offered(session, again)
        except ControlError as error:
            tell(app, str(error))
            return
    shelf = shelf if shelf is not None else OfferShelf()
    draft = await app.push_screen_wait(OfferForm(session, begin, shelf, settings, template, under))
    if draft is not None:
        _remember(app, session, shelf, draft)
        send = _send_task if draft.kind == "task" else _send_offer
        apart(app, partial(send, app, session, draft, on_sent or _nobody))


def _remember(app: App[Any], session: Session, shelf: OfferShelf, draft: OfferDraft) -> None:
    try:
        made = draft.composed()
    except ValueError as error:
        tell(app, f"It is not among the earlier offers: {error}")
    else:
        shelf.remember(made, secret=is_secret(session, made))


async def confirm_stop(app: App[Any], session: Session, trace_id: str) -> None:
    """Ask whether a trace shall be stopped, and stop it."""
    if read_only(app, session):
        return
    draft = await app.push_screen_wait(StopForm(session, trace_id))
    if draft is not None:
        apart(
            app, partial(_send_stops, app, session, [trace_id], rollback=draft.rollback, reason=draft.reason)
        )


async def stop_marked(app: App[Any], session: Session) -> None:
    """Ask whether all traces with a marked signal shall be stopped, and stop them."""
    if read_only(app, session):
        return
    running = [
        trace_id
        for trace_id in marked_traces(session)
        if (facts := trace_facts(session, trace_id)) is not None and not facts.over
    ]
    if not running:
        tell(app, "No running trace has a marked signal; m marks the one under the cursor.")
        return
    draft = await app.push_screen_wait(BulkStopForm(session, running))
    if draft is not None:
        apart(app, partial(_send_stops, app, session, draft.trace_ids, rollback=False, reason=draft.reason))


async def answer_request(
    app: App[Any],
    session: Session,
    request_id: str | None = None,
    *,
    drafts: MutableMapping[str, str] | None = None,
) -> None:
    """Show a request, or work for the person, and send what they reply.

    Args:
        app: shows the form.
        session: where the request came from.
        request_id: id of the request; the oldest open one when left out.
        drafts: answers to work begun before, by its id.
    """
    if read_only(app, session):
        return
    asked = question(session, request_id)
    work_id = asked.id if asked is not None and asked.kind in WORK_KINDS else None
    if asked is None and request_id is None:
        # The screen may show an earlier moment, at which the work was not there yet.
        work_id = oldest_work(session)
    if work_id is not None:
        await answer_work(app, session, work_id, {} if drafts is None else drafts)
    elif asked is None:
        tell(app, "That request is not known any more." if request_id else "Nobody waits for an answer.")
    elif asked.kind == "CLARIFICATION":
        answer = await app.push_screen_wait(ClarificationForm(session, asked))
        if answer is not None and asked.signal is not None:
            apart(app, partial(_send_answer, app, session, asked, asked.signal, answer))
    elif asked.kind == "PERMISSION":
        decision = await app.push_screen_wait(PermissionForm(session, asked))
        if decision is not None and asked.signal is not None:
            apart(app, partial(_send_decision, app, session, asked, asked.signal, decision))
    else:
        await app.push_screen_wait(EscalationForm(session, asked))


async def connect(
    app: App[Any],
    *,
    url: str = DEFAULT_URL,
    namespace: str = DEFAULT_NAMESPACE,
    known: Sequence[tuple[str, str]] = (),
) -> ConnectChoice | None:
    """Ask what to look at. None when the person wants to stay where they are.

    Args:
        app: asks.
        url: of the bus that is proposed.
        namespace: there.
        known: URL and namespace of buses that were watched, the latest first.
    """
    return await app.push_screen_wait(ConnectForm(url, namespace, known))


async def _send_offer(
    app: App[Any], session: Session, draft: OfferDraft, on_sent: Callable[[str], None]
) -> None:
    trace_id = draft.parent.trace_id if draft.parent is not None else new_trace_id()
    on_sent(trace_id)
    outcome = await act(
        app,
        session,
        lambda operator: operator.offer(
            input=draft.input,
            capabilities=draft.capabilities,
            deadline_ms=draft.window_ms,
            select=draft.select,
            trace_id=trace_id,
            parent_id=draft.parent.event_id if draft.parent is not None else None,
        ),
    )
    if outcome is not None and outcome.state == "failed":
        tell(app, outcome.words)


async def _send_task(
    app: App[Any], session: Session, draft: OfferDraft, on_sent: Callable[[str], None]
) -> None:
    trace_id = await act(
        app,
        session,
        lambda operator: operator.task(
            input=draft.input,
            neuron=draft.neuron or None,
            capabilities=draft.capabilities,
            trace_id=draft.parent.trace_id if draft.parent is not None else None,
            parent_id=draft.parent.event_id if draft.parent is not None else None,
        ),
    )
    if trace_id is not None:
        on_sent(trace_id)


def _nobody(trace_id: str) -> None:
    """For callers that do not care which trace it is."""


async def _send_stops(
    app: App[Any], session: Session, trace_ids: Sequence[str], *, rollback: bool, reason: str
) -> None:
    """Stop traces, all at once, and say who obeyed by the time acks are waited for."""

    async def send(operator: Operator) -> list[list[Signal]]:
        stops = (operator.stop(trace_id, rollback=rollback, reason=reason) for trace_id in trace_ids)
        return await asyncio.gather(*stops)

    acks = await act(app, session, send)
    if acks is None:
        return
    if len(trace_ids) == 1:
        outcome = stop_outcome(session, trace_ids[0])
        tell(app, f"STOP {short_id(trace_ids[0])}: {outcome or many(len(acks[0]), 'answer')}")
        return
    quiet = [trace_id for trace_id, heard in zip(trace_ids, acks, strict=True) if not heard]
    nobody = f"; nobody answered for {', '.join(map(short_id, quiet[:4]))}" if quiet else ""
    tell(app, f"{many(len(trace_ids), 'trace')} stopped, {many(sum(map(len, acks)), 'answer')}{nobody}")


async def _send_answer(
    app: App[Any], session: Session, asked: Question, request: Signal, draft: AnswerDraft
) -> None:
    await act(
        app,
        session,
        lambda operator: operator.answer(
            request, answer=draft.answer, redispatch=draft.redispatch, original=asked.original
        ),
    )


async def _send_decision(
    app: App[Any], session: Session, asked: Question, request: Signal, draft: DecisionDraft
) -> None:
    await act(
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
