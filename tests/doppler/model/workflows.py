"""Traces of work, written by hand and made up."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.doppler.model.folding import frame


def market():
    """An auction of 250 ms, then 750 ms of work with a tool, a memory and a person."""
    return [
        (0.00, frame("TASK_OFFER", "o", deadline_ms=250)),
        (0.01, frame("BID", "b", parent="o", who="n", cost=1)),
        (0.25, frame("TASK_AWARDED", "w", parent="b", who="n")),
        (0.30, frame("TOOL_CALL", "t", parent="w", who="hammer")),
        (0.36, frame("TOOL_RESULT", "u", parent="t", who="hammer")),
        (0.40, frame("RECALL", "r", parent="w", who="memory")),
        (0.42, frame("RECALLED", "s", parent="r", who="memory")),
        (0.50, frame("CLARIFICATION", "q", parent="w", who="n", question="?")),
        (0.80, frame("CLARIFICATION_ANSWER", "a", parent="q", who="n", answer="!")),
        (1.00, frame("AGENT_OUTPUT", "x", parent="w", who="n")),
        (1.05, frame("FINAL", "f", parent="x", who="n")),
    ]


@st.composite
def workflows(draw, gaps=(0.0, 0.001, 0.25, 1.0)):
    """Signals of one trace in order: parents come first, replies close what they answer."""
    frames, open_work = [(0.0, frame("TASK", "0", who="n"))], ["0"]
    kinds = {
        "TASK": "AGENT_OUTPUT",
        "TOOL_CALL": "TOOL_RESULT",
        "RECALL": "RECALLED",
        "CLARIFICATION": "TASK",
    }
    types = {"0": "TASK"}
    at = 0.0
    for number in range(1, draw(st.integers(1, 25))):
        at += draw(st.sampled_from(gaps))
        parent = draw(st.sampled_from(open_work))
        id = str(number)
        if draw(st.booleans()):
            kind = draw(st.sampled_from(list(kinds)))
            open_work.append(id)
            types[id] = kind
        else:
            kind = kinds[types[parent]]
        frames.append((at, frame(kind, id, parent=parent, who="n", trace="1")))
    return frames
