"""A verdict for people (markdown), for CI servers (JUnit's XML) and for programs (JSON)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from cosmo_doppler.checking.against import Against, Sameness, against_json
from cosmo_doppler.checking.verdict import Judged, Verdict
from cosmo_doppler.export.escaping import for_markdown, table
from cosmo_doppler.model.interventions import Intervention
from cosmo_doppler.model.sayings import describe
from cosmo_doppler.tui.safe import safe, short_id
from cosmo_doppler.tui.words import duration, joined, many, signed, time_of_day

MOST = 1_000
"""Signals listed for each assertion; what is left out is said."""

_MOST_FAULTS = 100

_MOST_LINES = 200
"""Lines of a comparison with a baseline."""


def line_of(verdict: Verdict, seq: int) -> str:
    """A signal as one line: number, time, type, trace, participant, what it says."""
    header = verdict.store.header(seq)
    said = f"invalid: {header.problem}" if header.problem else describe(header)
    parts = (safe(header.type, 40) or "(no type)", short_id(header.trace_id), safe(header.who, 60))
    return (
        f"{seq:>8}  {time_of_day(verdict.store.at(seq))}  {' '.join(filter(None, parts))}  {safe(said, 200)}"
    )


def summary(verdict: Verdict) -> Iterable[tuple[str, bool, list[int]]]:
    """What was asked of the run, whether it is so, and the signals to look at."""
    if verdict.until is not None:
        yield f"until {verdict.until.text}", verdict.found is not None, []
    for each in verdict.judged:
        yield f"assert {each.assertion.text}", each.held, each.offenders


def sentence(verdict: Verdict, judged: Judged) -> str:
    """How an assertion fared, in words."""
    looked_at = verdict.last - verdict.first
    if judged.held:
        return f"held for {many(looked_at, 'signal')}"
    return f"broken by {len(judged.offenders):,} of {many(looked_at, 'signal')}"


# Markdown


def markdown(verdict: Verdict) -> str:
    """A page for a ticket or a review."""
    parts = [f"# {'Passed' if verdict.passed else 'FAILED'}: {for_markdown(verdict.title)}", _facts(verdict)]
    asked = [[what, "yes" if held else "NO"] for what, held, _ in summary(verdict)]
    if asked:
        parts.append(table(["asked", "so"], asked))
    for judged in verdict.judged:
        if not judged.held:
            parts += [
                f"## Broken: {for_markdown(judged.assertion.text)}",
                _signals(verdict, judged.offenders),
            ]
    parts += _against(verdict), _auctions(verdict), _by_hand(verdict), _faults(verdict)
    return "\n\n".join(filter(None, parts)) + "\n"


def _facts(verdict: Verdict) -> str:
    board, store = verdict.board, verdict.store
    began = "never"
    if verdict.last > verdict.first:
        began = datetime.fromtimestamp(store.at(verdict.first), UTC).isoformat(timespec="milliseconds")
    stand = Counter(trace.status for trace in board.traces.values())
    lines = [
        f"* **Began**: {began}, went on for {joined(duration(verdict.seconds))}",
        f"* **Signals**: {verdict.last - verdict.first:,}, of which {board.malformed:,} malformed",
        f"* **Traces**: {len(board.traces):,}" + _parts(stand),
    ]
    lines += [f"* **Not seen**: {words}" for words in verdict.unjudged]
    if verdict.found is not None:
        lines.append(f"* **Stopped at**: signal {verdict.found.seq}")
    return "\n".join(lines)


def _parts(counted: Counter[Any]) -> str:
    return f" ({', '.join(f'{number} {name}' for name, number in counted.most_common())})" if counted else ""


def _signals(verdict: Verdict, seqs: list[int]) -> str:
    store, rows = verdict.store, []
    for seq in seqs[:MOST]:
        header = store.header(seq)
        said = header.problem or describe(header)
        rows.append(
            [
                str(seq),
                time_of_day(store.at(seq)),
                header.type,
                short_id(header.trace_id),
                header.who,
                said,
            ]
        )
    listed = table(["number", "time", "type", "trace", "who", "says"], rows, frozenset({"number"}))
    return listed + _more(len(seqs), MOST)


def _more(count: int, most: int) -> str:
    return f"\n\n{count - most:,} more are not listed." if count > most else ""


def counted(against: Against) -> str:
    """How a run compares with its baseline, in a sentence without its end."""
    told = [
        f"{many(against.number(noun, sameness), noun)} {words}"
        for noun in _NOUNS
        for sameness, words in _SAMENESS.items()
        if against.number(noun, sameness)
    ]
    return ", ".join(told) or "nothing to compare"


_NOUNS = ("trace", "auction")
_SAMENESS: dict[Sameness, str] = {
    "same": "with the same result",
    "changed": "with another result",
    "new": "new",
    "missing": "missing",
}


def _against(verdict: Verdict) -> str:
    against = verdict.against
    if against is None:
        return ""
    # What came to another result first, then what took longest; what is as it was is only counted.
    told = [line for line in against.lines if line.sameness != "same" or line.change]
    told.sort(key=lambda line: (line.sameness == "same", -abs(line.later_s or 0.0)))
    rows = [
        [line.sameness, line.noun, short_id(line.id), line.title, line.before, line.here, line.change]
        for line in told[:_MOST_LINES]
    ]
    parts = [f"## Against the baseline {for_markdown(against.name)}", f"{counted(against)}."]
    if against.quantiles:
        took = [
            [
                each.name,
                joined(duration(each.before_s)),
                joined(duration(each.here_s)),
                joined(signed(each.here_s - each.before_s)),
            ]
            for each in against.quantiles
        ]
        parts.append(
            table(["answers", "baseline", "here", "change"], took, frozenset(("baseline", "here", "change")))
        )
    if rows:
        listed = table(["result", "what", "id", "asked", "baseline", "here", "change"], rows)
        parts.append(listed + _more(len(told), _MOST_LINES))
    return "\n\n".join(parts)


def _auctions(verdict: Verdict) -> str:
    states = Counter(auction.state for auction in verdict.board.auctions.values())
    return f"## Auctions\n\n{states.total():,}{_parts(states)}" if states else ""


def _by_hand(verdict: Verdict) -> str:
    """What somebody did to the run, so that nobody takes it for what the agents did alone."""
    by_hand = verdict.board.by_hand
    if not len(by_hand):
        return ""
    rows = [
        [time_of_day(done.at), done.kind, done.type, short_id(done.trace_id), done.who, done.clause()]
        for done in by_hand.order[:MOST]
    ]
    listed = table(["time", "done", "type", "trace", "who", "what"], rows)
    forgotten = f"\n\n{by_hand.forgotten:,} older ones are not kept." if by_hand.forgotten else ""
    return f"## By hand\n\n{listed}{_more(len(by_hand), MOST)}{forgotten}"


def _faults(verdict: Verdict) -> str:
    book = verdict.board.faults
    rows = [
        [fault.severity, fault.kind, fault.sentence]
        for fault in islice((book.by_id[id] for id in book.order), _MOST_FAULTS)
    ]
    if not rows:
        return ""
    listed = table(["severity", "fault", "what happened"], rows)
    return f"## Faults\n\n{listed}{_more(len(book.order), _MOST_FAULTS)}"


# JUnit


def junit(verdict: Verdict) -> str:
    """One test case for each thing asked; a run of which nothing was asked is one that passed."""
    cases = [_case(verdict, *each) for each in summary(verdict)] or [_case(verdict, "run", True, [])]
    failures = sum(not held for _, held, _ in summary(verdict))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<testsuite name={quoteattr(safe(verdict.title, 300))} tests="{len(cases)}" failures="{failures}"'
        f' errors="0" skipped="0" time="{verdict.seconds:.3f}">\n{"".join(cases)}{_output(verdict)}</testsuite>\n'
    )


def _output(verdict: Verdict) -> str:
    told = list(verdict.unjudged)
    if verdict.against is not None:
        told.append(f"against the baseline {safe(verdict.against.name, 300)}: {counted(verdict.against)}")
    return f"  <system-out>{escape(chr(10).join(told))}</system-out>\n" if told else ""


def _case(verdict: Verdict, what: str, held: bool, offenders: list[int]) -> str:
    head = f'  <testcase classname="cosmo.doppler" name={quoteattr(safe(what, 500))} time="0"'
    if held:
        return f"{head}/>\n"
    looked_at = many(verdict.last - verdict.first, "signal")
    why = f"broken by {len(offenders):,} of {looked_at}" if offenders else f"never came in {looked_at}"
    lines = "\n".join(escape(line_of(verdict, seq)) for seq in offenders[:MOST])
    left = _more(len(offenders), MOST)
    return f"{head}>\n    <failure message={quoteattr(why)}>{lines}{left}</failure>\n  </testcase>\n"


# JSON


def as_json(verdict: Verdict) -> dict[str, Any]:
    """The verdict as a document."""
    found = verdict.found
    return {
        "source": verdict.title,
        "passed": verdict.passed,
        "signals": verdict.last - verdict.first,
        "seconds": round(verdict.seconds, 6),
        "skipped": verdict.skipped,
        "gaps": verdict.gaps,
        "lost": verdict.lost,
        "until": None
        if verdict.until is None
        else {
            "expr": verdict.until.text,
            "found": None if found is None else _signal(verdict, found.seq),
            "position": None if found is None else found.position,
        },
        "asserts": [
            {
                "expr": each.assertion.text,
                "held": each.held,
                "count": len(each.offenders),
                "signals": [_signal(verdict, seq) for seq in each.offenders[:MOST]],
            }
            for each in verdict.judged
        ],
        "against": None if verdict.against is None else against_json(verdict.against),
        "by_hand": [_done(done) for done in verdict.board.by_hand.order],
    }


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _done(done: Intervention) -> dict[str, Any]:
    return {
        "at": _moment(done.at),
        "held_s": done.held_s,
        "done": done.kind,
        "type": done.type,
        "id": done.signal_id,
        "trace_id": done.trace_id,
        "who": done.who,
        "gate": done.gate,
        "changes": [each._asdict() for each in done.changes],
        "what": done.clause(),
    }


def _signal(verdict: Verdict, seq: int) -> dict[str, Any]:
    header = verdict.store.header(seq)
    return {
        "seq": seq,
        "at": _moment(verdict.store.at(seq)),
        "type": header.type,
        "id": header.id,
        "trace_id": header.trace_id,
        "who": header.who,
        "problem": header.problem,
        "payload": header.read_payload(),
    }
