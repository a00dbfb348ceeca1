"""Both backends against the simplest thing that could be a memory, over whatever sequence of writes hypothesis finds."""

from __future__ import annotations

import asyncio
import copy
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cosmo_sdk.engram import Engram, InMemoryEngram, SqliteEngram

KEYS = st.sampled_from(["k1", "k2"])
IDS = st.sampled_from(["eng_1", "eng_2", "eng_3"])
TRACES = st.sampled_from([None, "trc_1", "trc_2"])
CONTENTS = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=4,
)


class Memories(RuleBasedStateMachine):
    """The same writes to a memory in dicts and to one in a file.

    What is compared: receipts, entries and what a rollback counts. And what must hold whatever happened: a trace that
    was the only one to write since it began leaves, once undone, what was there before.
    """

    @initialize()
    def begin(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.directory = tempfile.TemporaryDirectory()
        self.file = SqliteEngram(path=Path(self.directory.name) / "engram.db")
        self.dicts = InMemoryEngram()
        self.numbers = 0
        self.before: dict[str, dict[str, Any]] = {}
        """Of each open trace that alone wrote since: what was there when it began."""
        self.begun: set[str] = set()

    def both(self, call: Any) -> tuple[Any, Any]:
        return (
            self.loop.run_until_complete(call(self.dicts)),
            self.loop.run_until_complete(call(self.file)),
        )

    def state(self, engram: Engram) -> dict[str, Any]:
        hits = self.loop.run_until_complete(engram.recall({"top_k": 1000}))
        return {hit.id: (hit.entry["content"], hit.entry["tags"], hit.entry.get("merge_key")) for hit in hits}

    @rule(
        op=st.sampled_from(["add", "append", "upsert", "merge", "delete"]),
        entry_id=st.none() | IDS,
        content=CONTENTS,
        tags=st.lists(st.sampled_from(["t", "u"]), max_size=2),
        key=st.none() | KEYS,
        trace=TRACES,
    )
    def write(
        self, op: str, entry_id: str | None, content: Any, tags: list[str], key: str | None, trace: Any
    ) -> None:
        self.numbers += 1
        # Ids that a memory makes up differ between the two: name them all.
        entry = {"id": entry_id or (None if op == "delete" else f"eng_new{self.numbers}")}
        if op != "delete":
            entry |= {"content": content, "tags": tags}
        if op == "append":
            entry["id"] = f"eng_new{self.numbers}"
        self._account(trace)
        one, other = self.both(
            lambda engram: engram.imprint(
                op,
                copy.deepcopy(entry),
                merge_key=key,
                imprint_id=f"evt_{self.numbers}",
                trace_id=trace,
            )
        )
        assert (one.id, one.version, one.error) == (other.id, other.version, other.error)

    def _account(self, trace: str | None) -> None:
        for each in list(self.before):
            if each != trace:
                del self.before[each]
        if trace is not None and trace not in self.before and trace not in self.begun:
            self.before[trace] = self.state(self.dicts)
        if trace is not None:
            self.begun.add(trace)

    @rule(number=st.integers(0, 50))
    def repeat(self, number: int) -> None:
        if 0 < number <= self.numbers:
            before = self.state(self.dicts)
            one, other = self.both(
                lambda engram: engram.imprint("append", {"content": "again"}, imprint_id=f"evt_{number}")
            )
            assert (one.id, one.version, one.error) == (other.id, other.version, other.error)
            assert self.state(self.dicts) == before

    @rule(trace=st.sampled_from(["trc_1", "trc_2"]))
    def undo(self, trace: str) -> None:
        one, other = self.both(lambda engram: engram.compensate(trace))
        assert one == other
        known = self.before.pop(trace, None)
        if known is not None:
            assert self.state(self.dicts) == known
        # For the others this was a write they did not make.
        self.before.clear()
        self.begun.discard(trace)
        assert self.both(lambda engram: engram.compensate(trace)) == (0, 0)

    @rule(trace=st.sampled_from(["trc_1", "trc_2"]))
    def keep(self, trace: str) -> None:
        before = self.state(self.dicts)
        self.both(lambda engram: engram.commit(trace))
        assert self.both(lambda engram: engram.compensate(trace)) == (0, 0)
        assert self.state(self.dicts) == before
        self.before.pop(trace, None)
        self.begun.discard(trace)

    @rule()
    def restart(self) -> None:
        self.both(lambda engram: engram.close())

    @invariant()
    def both_remember_the_same(self) -> None:
        if hasattr(self, "file"):
            assert self.state(self.dicts) == self.state(self.file)

    def teardown(self) -> None:
        if hasattr(self, "file"):
            self.loop.run_until_complete(self.file.close())
            self.loop.close()
            self.directory.cleanup()


TestMemories = Memories.TestCase
TestMemories.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)

WORDS = st.text(alphabet=st.sampled_from('aAbßSſKİé"\\\n%_- 1.{}:,ﬁ'), min_size=0, max_size=4)


@settings(max_examples=150, deadline=None)
@given(
    contents=st.lists(
        WORDS | st.dictionaries(WORDS, WORDS | st.floats(allow_nan=False), max_size=2), max_size=6
    ),
    tags=st.lists(WORDS, min_size=6, max_size=6),
    text=WORDS,
    tag=st.none() | WORDS,
    min_confidence=st.none() | st.floats(0, 1),
    top_k=st.integers(0, 4),
)
def test_both_find_the_same(
    contents: list[Any], tags: list[str], text: str, tag: str | None, min_confidence: Any, top_k: int
) -> None:
    async def find() -> None:
        engrams: list[Engram] = [InMemoryEngram(), SqliteEngram()]
        found = []
        for engram in engrams:
            for number, content in enumerate(contents):
                await engram.imprint(
                    "add", {"id": f"eng_{number}", "content": content, "tags": [tags[number]]}
                )
            query = {"text": text, "top_k": top_k} | ({} if tag is None else {"tag": tag})
            hits = await engram.recall(query, min_confidence=min_confidence)
            found.append(([(hit.id, hit.score) for hit in hits], hits.truncated))
            await engram.close()
        assert found[0] == found[1]

    asyncio.run(find())
