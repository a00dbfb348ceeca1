"""The front desk of the demo: it has the work, and others do it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from cosmo_doppler.demo import content
from cosmo_doppler.demo.night_shift import NightShift
from cosmo_doppler.demo.pace import Pace
from cosmo_sdk import Dendrite, Pathway, RetryStrategy, Signal, SignalType
from cosmo_sdk.bidding import Select
from cosmo_sdk.errors import CosmoError

logger = logging.getLogger(__name__)

Errand = Callable[[], Awaitable[None]]

MOST_OPEN_QUESTIONS = 2
"""Questions of one kind that may wait for a person before the desk stops causing more."""

PATIENCE_S = 12.0
"""How long the desk waits for work at the usual pace, seconds."""

WINDOW_MS = 1500
UNHURRIED_MS = 20_000
"""How long bids are taken at the usual pace: agents are quick, whoever bids by hand reads the offer first."""

FOR_A_PERSON_S = 600.0
"""How long the desk waits for work that a person may have won, whatever the pace."""


class Desk:
    """Sends out work of every kind, one errand at a time and sometimes several at once.

    Args:
        dendrite: through which it speaks.
        pace: how fast it lives.
        night_shift: whoever holds it can be made to die in the middle of work.
    """

    def __init__(self, dendrite: Dendrite, pace: Pace, night_shift: NightShift) -> None:
        self._dendrite = dendrite
        self._pace = pace
        self._night_shift = night_shift
        self._waiting = {SignalType.CLARIFICATION: 0, SignalType.PERMISSION: 0}

    def errands(self) -> list[Errand]:
        """One round of work, in the order that shows most in the first minute."""
        return [
            lambda: self.translate("lowest_cost"),
            self.ask_for_report,
            self.invite_everybody,
            lambda: self.summarise("first_bid"),
            self.remind_customer,
            self.research,
            self.fetch_page,
            lambda: self.translate("highest_confidence"),
            self.enter_and_regret,
            self.lose_a_worker,
            lambda: self.summarise("lowest_cost"),
        ]

    async def run(self, errand: Errand) -> None:
        """Run one errand. That work fails, is stopped by somebody, or finds no taker is everyday life here."""
        try:
            await errand()
        except (CosmoError, TimeoutError) as error:
            logger.info("an errand came to nothing: %s", error)

    # -- auctions

    async def translate(self, select: Select) -> None:
        """Put a letter up for bids and wait for its translation."""
        letter = self._pace.dice.choice(content.LETTERS)
        await self._auction({"text": letter.text, "language": "english"}, ["translate"], select)

    async def summarise(self, select: Select) -> None:
        """Put an article up for bids and wait for its summary."""
        article = self._pace.dice.choice(content.ARTICLES)
        await self._auction({"title": article.title, "text": article.text}, ["summarize"], select)

    async def invite_everybody(self) -> None:
        """Put a letter up with time enough for a person to bid by hand, and to translate it."""
        letter = self._pace.dice.choice(content.LETTERS)
        asked = {"text": letter.text, "language": "english", "hurry": "none: bid by hand, too"}
        await self._auction(
            asked, ["translate"], "lowest_cost", window_ms=UNHURRIED_MS, patience_s=FOR_A_PERSON_S
        )

    async def research(self) -> None:
        """Ask something whose answer takes the work of several."""
        question, sources = self._pace.dice.choice(content.RESEARCH)
        await self._auction({"question": question, "sources": list(sources)}, ["research"], "first_bid")

    async def _auction(
        self,
        input: dict[str, Any],
        needs: list[str],
        select: Select,
        *,
        window_ms: int = WINDOW_MS,
        patience_s: float | None = None,
    ) -> Signal:
        pathway = await self._dendrite.dispatch_offer(
            input=input,
            capabilities=needs,
            deadline_ms=self._pace.milliseconds(window_ms),
            select=select,
            scope="terminal",
        )
        async with pathway:
            return await pathway.wait(timeout_s=patience_s or self._patience())

    # -- trouble

    async def fetch_page(self) -> None:
        """Have a page fetched from a server that is busy at first, and try again."""
        retry = RetryStrategy(
            max_attempts=3,
            timeout_s=self._patience(),
            backoff=lambda attempt: self._pace.seconds(1.0 + attempt),
        )
        await self._dendrite.run_with_retry(
            retry=retry,
            neuron="fetcher",
            input={"page": self._pace.dice.choice(content.PAGES)},
            scope="terminal",
        )

    async def enter_and_regret(self) -> None:
        """Have invoices entered in the ledger, and stop it halfway: what was written is undone."""
        invoices = self._pace.dice.sample(content.INVOICES, k=4)
        pathway = await self._dendrite.dispatch(
            neuron="ledger",
            input={"text": "Enter these invoices.", "invoices": [asdict(each) for each in invoices]},
        )
        async with pathway:
            for _ in range(2):
                await pathway.wait_for(SignalType.IMPRINTED, timeout_s=self._patience())
            await self._pace.wait(0.4)
            await self._dendrite.stop_trace(
                pathway.trace_id, rollback=True, reason="these invoices belong to another customer"
            )

    async def lose_a_worker(self) -> None:
        """Give work to an agent that crashes over it. When no answer comes, put it up for bids again."""
        if not self._night_shift.name:
            return
        article = self._pace.dice.choice(content.ARTICLES)
        task = {"title": article.title, "text": article.text}
        pathway = await self._dendrite.dispatch(neuron=self._night_shift.name, input=task, scope="terminal")
        async with pathway:
            await self._pace.wait(0.5)
            await self._night_shift.crash()
            with suppress(TimeoutError):
                await pathway.wait(timeout_s=self._pace.seconds(4.0))
            await self._dendrite.stop_trace(pathway.trace_id, reason="no answer, somebody else will do it")
        await self._auction(task, ["summarize"], "highest_confidence")

    # -- a person is needed

    async def ask_for_report(self) -> None:
        """Ask for a report without saying of which year."""
        await self._with_person(
            SignalType.CLARIFICATION, "atlas", {"text": "Summarise the harvest report.", "report": "harvest"}
        )

    async def remind_customer(self) -> None:
        """Have an invoice chased that is large enough to need permission."""
        large = [each for each in content.INVOICES if each.amount > 1000]
        invoice = self._pace.dice.choice(large)
        task = {"text": f"Chase invoice {invoice.number}.", "invoice": asdict(invoice)}
        await self._with_person(SignalType.PERMISSION, "ledger", task)

    async def _with_person(self, question: SignalType, neuron: str, task: dict[str, Any]) -> None:
        """Dispatch work that will ask a person, and see it through whenever and however the person answers."""
        if self._waiting[question] >= MOST_OPEN_QUESTIONS:
            return
        self._waiting[question] += 1
        try:
            async with await self._dendrite.dispatch(neuron=neuron, input=task) as pathway:
                request = await pathway.wait_for(question, timeout_s=self._patience())
                output = await self._after_answer(pathway, request)
                await self._dendrite.emit_final(
                    result=output.payload.get("output"), trace_id=pathway.trace_id, parent_id=output.id
                )
        finally:
            self._waiting[question] -= 1

    async def _after_answer(self, pathway: Pathway, request: Signal) -> Signal:
        """The work's result. A re-dispatched answer makes the worker go on by itself; a discrete one does not."""
        output = asyncio.ensure_future(pathway.wait_for(SignalType.AGENT_OUTPUT))
        decision = asyncio.ensure_future(self._dendrite.await_decision(request, timeout_s=86_400.0))
        try:
            await asyncio.wait({output, decision}, return_when=asyncio.FIRST_COMPLETED)
            if not output.done():
                await self._pass_on(request, await decision)
            return await output
        finally:
            for future in (output, decision):
                future.cancel()
            await asyncio.wait({output, decision})

    async def _pass_on(self, request: Signal, decision: Signal) -> None:
        payload = decision.payload
        if request.type is SignalType.CLARIFICATION:
            await self._dendrite.respond_to_clarification(request, answer=payload.get("answer"))
        else:
            await self._dendrite.respond_to_permission(
                request, granted=payload.get("granted") is True, reason=payload.get("reason")
            )

    def _patience(self) -> float:
        # Even a quick demo must survive a slow machine.
        return self._pace.seconds(PATIENCE_S) + 3.0
