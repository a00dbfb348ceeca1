from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cosmo_doppler.cli.narrator import Narrator
from cosmo_doppler.store import Store
from cosmo_sdk import Directed, Signal, SignalType

START = 1_800_000_000.0


class Story:
    """Signals in a store, told as they come."""

    def __init__(self) -> None:
        self.store = Store()
        self.narrator = Narrator()

    def tell(self, after_s: float, type: SignalType, who: str | None = None, **fields: Any) -> list[str]:
        directed = None if who is None else Directed(id=who)
        signal = Signal(type=type, directed=directed, **fields)
        return self.tell_frame(after_s, signal.encode())

    def tell_frame(self, after_s: float, frame: bytes) -> list[str]:
        self.store.append(START + after_s, "cosmonapse.dev.X", frame)
        return list(self.narrator.tell(self.store.observed(len(self.store) - 1)))


def test_a_trace_is_told_with_its_state() -> None:
    story = Story()
    task = {"trace_id": "trc_00000001", "payload": {"input": {"text": "hi"}}}
    [asked] = story.tell(0, SignalType.TASK, "ann", **task)
    assert asked == '08:00:00.000  00000001  open     TASK                  ann               is asked "hi"'
    [question] = story.tell(
        1, SignalType.CLARIFICATION, "ann", trace_id="trc_00000001", payload={"question": "why?"}
    )
    assert "waiting  CLARIFICATION" in question
    [final] = story.tell(2, SignalType.FINAL, "ann", trace_id="trc_00000001", payload={"result": 1})
    assert "done     FINAL" in final


def test_silence_is_told_once_and_so_is_the_return() -> None:
    story = Story()
    story.tell(0, SignalType.REGISTER, "ann", payload={"capabilities": []})
    for second in (1, 2, 3):
        story.tell(second, SignalType.HEARTBEAT, "ann", payload={"status": "ok"})
    assert list(story.narrator.pass_time(START + 3.5)) == []
    [stale] = story.narrator.pass_time(START + 8)
    assert stale.endswith("ann is stale: silent for 5.0 s")
    assert list(story.narrator.pass_time(START + 9)) == []
    story.tell(10, SignalType.HEARTBEAT, "ann", payload={"status": "ok"})
    [back] = story.narrator.pass_time(START + 10.1)
    assert back.endswith("ann is live again")


def test_an_auction_nobody_bids_on_is_told_when_its_window_closes() -> None:
    story = Story()
    story.tell(0, SignalType.TASK_OFFER, payload={"input": {}, "deadline_ms": 250})
    ended: list[str] = []
    for step in range(1, 100):
        ended.extend(story.narrator.pass_time(START + step / 10))
    [line] = ended
    assert line.endswith("the auction ended: no bid")


@given(st.lists(st.binary(max_size=80), max_size=10))
def test_no_frame_can_stop_the_story_or_reach_the_terminal(frames: list[bytes]) -> None:
    story = Story()
    for second, frame in enumerate(frames):
        for line in story.tell_frame(second, frame):
            assert line.isprintable()
