"""Who works in the demo."""

from __future__ import annotations

from cosmo_doppler.demo.pace import Pace
from cosmo_doppler.demo.skills import LEDGER, Researcher, bookkeeping, either, fetching, translating
from cosmo_doppler.demo.worker import Terms, Worker
from cosmo_sdk.engram import InMemoryEngram


def staff(url: str, pace: Pace) -> list[Worker]:
    """Everybody but the night shift, not started yet.

    Mira is dear and sure, Otto cheap and slow, Sparrow quick: which of them wins depends on how the desk chooses.
    """
    researcher = Researcher(pace)
    atlas = Worker(
        url,
        "atlas",
        researcher,
        ["research"],
        pace,
        terms=Terms(cost=0.03, eta_ms=4000, confidence=0.9, thinks_s=0.3),
        role="orchestrator",
    )
    researcher.work_through(atlas.dendrite)
    mira = Worker(
        url,
        "mira",
        translating(pace, 1.1),
        ["translate", "german"],
        pace,
        terms=Terms(cost=0.0042, eta_ms=1100, confidence=0.94, thinks_s=0.7),
    )
    otto = Worker(
        url,
        "otto",
        either(pace, 1.6),
        ["translate", "summarize"],
        pace,
        terms=Terms(cost=0.0011, eta_ms=1600, confidence=0.66, thinks_s=0.45),
    )
    sparrow = Worker(
        url,
        "sparrow",
        either(pace, 0.5),
        ["translate", "summarize"],
        pace,
        terms=Terms(cost=0.0065, eta_ms=500, confidence=0.81, thinks_s=0.15),
    )
    ledger = Worker(
        url, "ledger", bookkeeping(pace), ["invoices"], pace, engrams=[InMemoryEngram(engram_id=LEDGER)]
    )
    fetcher = Worker(url, "fetcher", fetching(pace), ["fetch"], pace)
    return [mira, otto, sparrow, ledger, fetcher, atlas]
