"""What the agents of the demo can do. Each skill makes a Neuron function.

Input that a person typed into an offer may be anything: every function makes the best of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from cosmo_doppler.demo import content
from cosmo_doppler.demo.pace import Pace
from cosmo_sdk import Dendrite
from cosmo_sdk.ambient import current_task
from cosmo_sdk.engram.base import ImprintReceipt

NeuronFn = Callable[..., Awaitable[dict[str, Any]]]
Imprint = Callable[..., Awaitable[ImprintReceipt | None]]

LEDGER = "ledger-book"
"""The memory in which the bookkeeper writes."""

REMINDER_LIMIT = 1000.0
"""Amounts above it are not reminded of without permission, US dollars."""


def _text(input: dict[str, Any]) -> str:
    return str(input.get("text") or input.get("question") or input)


def translating(pace: Pace, seconds: float) -> NeuronFn:
    """Puts a text into English."""

    async def translate(input: dict[str, Any], context: list[Any]) -> dict[str, Any]:
        await pace.wait(seconds)
        return {"text": content.translation_of(_text(input)), "language": "english"}

    return translate


def summarising(pace: Pace, seconds: float) -> NeuronFn:
    """Makes a text shorter."""

    async def summarise(input: dict[str, Any], context: list[Any]) -> dict[str, Any]:
        await pace.wait(seconds)
        return {"summary": content.summary_of(_text(input))}

    return summarise


def either(pace: Pace, seconds: float) -> NeuronFn:
    """Translates what it is told to translate and summarises the rest."""
    translate, summarise = translating(pace, seconds), summarising(pace, seconds)

    async def work(input: dict[str, Any], context: list[Any]) -> dict[str, Any]:
        return await (translate if "language" in input else summarise)(input, context)

    return work


def fetching(pace: Pace) -> NeuronFn:
    """Fetches pages from a server that fails on every first request for a page and answers the next."""
    failed_before: set[str] = set()

    async def fetch(input: dict[str, Any], context: list[Any]) -> dict[str, Any]:
        page = str(input.get("page", "index"))
        await pace.wait(0.6)
        if page not in failed_before:
            failed_before.add(page)
            return {
                "__error__": True,
                "code": "UPSTREAM_503",
                "message": f"the server of {page} is busy, it asks to try again",
                "recoverable": True,
            }
        failed_before.discard(page)
        return {"page": page, "text": f"{page}: {pace.dice.randint(3, 40)} rows, fetched today"}

    return fetch


def bookkeeping(pace: Pace) -> NeuronFn:
    """Enters invoices in the ledger and reminds of them: of large ones only when a person permits it."""

    async def keep_books(input: dict[str, Any], context: list[Any], imprint: Imprint) -> dict[str, Any]:
        if isinstance(input.get("permission"), dict):
            return await remind(input["permission"], imprint)
        if isinstance(input.get("invoices"), list):
            return await enter(input["invoices"], imprint)
        invoice = input.get("invoice", {})
        await pace.wait(0.8)
        if float(invoice.get("amount", 0)) > REMINDER_LIMIT:
            return {
                "__permission__": True,
                "action": f"send a payment reminder to {invoice.get('customer')}",
                "scope": {"invoice": invoice.get("number"), "amount": invoice.get("amount")},
                "reason": f"{invoice.get('amount'):.2f} USD were due on {invoice.get('due')}",
            }
        return {"text": f"invoice {invoice.get('number')} is paid, nothing to do"}

    async def remind(decision: dict[str, Any], imprint: Imprint) -> dict[str, Any]:
        await pace.wait(0.7)
        action = decision.get("action", "the reminder")
        if not decision.get("granted"):
            return {"text": f"left undone as decided: {action}"}
        await imprint(LEDGER, op="add", entry={"content": f"done with permission: {action}"}, await_ack=True)
        return {"text": f"done and noted in the ledger: {action}"}

    async def enter(invoices: list[dict[str, Any]], imprint: Imprint) -> dict[str, Any]:
        for invoice in invoices:
            entry = f"{invoice.get('number')}  {invoice.get('customer')}  {invoice.get('amount')} USD"
            await imprint(LEDGER, op="add", entry={"content": entry, "tags": ["invoice"]}, await_ack=True)
            await pace.wait(1.1)
        return {"text": f"{len(invoices)} invoices entered"}

    return keep_books


class Researcher:
    """Answers questions by putting the parts up for bids; asks back when it cannot know what is meant."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._dendrite: Dendrite | None = None

    def work_through(self, dendrite: Dendrite) -> None:
        """Give it the Dendrite through which it hands out parts of its work."""
        self._dendrite = dendrite

    async def __call__(self, input: dict[str, Any], context: list[Any]) -> dict[str, Any]:
        """The Neuron function."""
        if isinstance(input.get("clarification"), dict):
            return await self._report(str(input["clarification"].get("answer", "")))
        if input.get("report") and not input.get("year"):
            await self._pace.wait(0.6)
            return {
                "__clarification__": True,
                "question": f"Which year's {input['report']} report do you mean?",
                "context": {"choices": list(content.YEARS), "report": input["report"]},
            }
        titles = [title for title in input.get("sources", []) if isinstance(title, str)]
        return await self._research(_text(input), titles)

    async def _report(self, year: str) -> dict[str, Any]:
        await self._pace.wait(1.0)
        return {
            "text": f"Report {year.strip() or 'without a year'}: a good year, two percent above the last one."
        }

    async def _research(self, question: str, titles: list[str]) -> dict[str, Any]:
        place = current_task()
        if self._dendrite is None or place is None:
            return {"text": f"nothing is known about: {question}"}
        trace_id, task_id = place
        await self._dendrite.emit_plan(
            steps=[f"summarise {title}" for title in titles] + ["put it together"],
            rationale=question,
            trace_id=trace_id,
            parent_id=task_id,
        )
        # One after the other: on one trace, an answer does not say which of two open questions it is for.
        findings = [await self._delegate(title, trace_id, task_id) for title in titles]
        await self._pace.wait(0.5)
        return {"text": " ".join(findings) or f"nothing is known about: {question}"}

    async def _delegate(self, title: str, trace_id: str, task_id: str) -> str:
        """Have one source summarised by whoever bids best."""
        assert self._dendrite is not None
        article = next((known for known in content.ARTICLES if known.title == title), None)
        pathway = await self._dendrite.dispatch_offer(
            input={"title": title, "text": article.text if article else title},
            capabilities=["summarize"],
            deadline_ms=self._pace.milliseconds(900),
            select="highest_confidence",
            trace_id=trace_id,
            parent_id=task_id,
        )
        async with pathway:
            reply = await pathway.wait(timeout_s=self._pace.seconds(10) + 2)
        return str(reply.payload.get("output", {}).get("summary", "(no answer)"))
