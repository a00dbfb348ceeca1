"""What every Synapse does. A test module imports `*` and provides `join`, which returns a connected synapse on one bus.

Calling `join` twice may give two connections or the same object; both are right.
"""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from cosmo_sdk.envelope import Signal
from cosmo_sdk.errors import SynapseError
from cosmo_sdk.signal_types import SignalType


def task(number: int = 0) -> Signal:
    return Signal(type=SignalType.TASK, payload={"input": {"number": number, "list": [1, {"deep": True}]}})


def number_of(signal: Signal) -> int:
    return signal.payload["input"]["number"]


class Inbox:
    """A handler that keeps what it gets."""

    def __init__(self) -> None:
        self.signals: list[Signal] = []
        self._changed = asyncio.Event()

    async def __call__(self, signal: Signal) -> None:
        self.signals.append(signal)
        self._changed.set()

    @property
    def numbers(self) -> list[int]:
        return [number_of(signal) for signal in self.signals]

    async def holds(self, count: int) -> None:
        while len(self.signals) < count:
            self._changed.clear()
            await self._changed.wait()


async def all_delivered(synapse) -> None:
    """Wait until a Signal published now has arrived. The few published before have then arrived, or never will."""
    last = Inbox()
    subscription = await synapse.subscribe("the.last", last)
    await synapse.publish("the.last", task())
    await last.holds(1)
    await subscription.unsubscribe()


async def test_a_signal_arrives_whole_also_at_its_sender(join):
    synapse = await join()
    inbox = Inbox()
    await synapse.subscribe("cosmonapse.dev.TASK", inbox)
    sent = task(7)
    await synapse.publish("cosmonapse.dev.TASK", sent)
    await inbox.holds(1)
    assert inbox.signals == [sent]
    assert inbox.signals[0] is not sent


async def test_signals_start_in_order(join):
    synapse, other = await join(), await join()
    inbox = Inbox()
    await other.subscribe("s", inbox)
    for number in range(500):
        await synapse.publish("s", task(number))
    await inbox.holds(500)
    assert inbox.numbers == list(range(500))


async def test_order_holds_across_subjects_and_for_handlers_that_wait(join):
    synapse = await join()
    started: list[int] = []
    done = asyncio.Event()

    async def waits(signal: Signal) -> None:
        started.append(number_of(signal))
        await asyncio.sleep(0)
        if len(started) == 300:
            done.set()

    await synapse.subscribe("a.*", waits)
    for number in range(300):
        await synapse.publish(f"a.{number % 3}", task(number))
    await done.wait()
    assert started == list(range(300))


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("cosmonapse.dev.*", [0]),
        ("cosmonapse.dev.>", [0, 1]),
        ("cosmonapse.*.TASK", [0, 2]),
        (">", [0, 1, 2, 3]),
    ],
)
async def test_wildcards(join, pattern, expected):
    synapse = await join()
    inbox = Inbox()
    await synapse.subscribe(pattern, inbox)
    subjects = ["cosmonapse.dev.TASK", "cosmonapse.dev.TASK.routed", "cosmonapse.test.TASK", "x"]
    for number, subject in enumerate(subjects):
        await synapse.publish(subject, task(number))
    await inbox.holds(len(expected))
    await all_delivered(synapse)
    assert [n for n, signal in zip(inbox.numbers, inbox.signals, strict=True)][: len(expected)] == expected


@pytest.mark.parametrize("pattern", ["", "a..b", "a b", "a.>.b"])
async def test_malformed_patterns_are_refused(join, pattern):
    synapse = await join()
    with pytest.raises(SynapseError, match="pattern"):
        await synapse.subscribe(pattern, Inbox())
    with pytest.raises(SynapseError, match="pattern"):
        await synapse.tap(pattern, lambda subject, frame: None)


async def test_members_of_a_group_share_and_others_get_all(join):
    one, two = await join(), await join()
    members = [Inbox(), Inbox(), Inbox()]
    solo = Inbox()
    other_group = Inbox()
    await one.subscribe("s", members[0], queue_group="g")
    await two.subscribe("s", members[1], queue_group="g")
    await two.subscribe(">", members[2], queue_group="g")
    await one.subscribe("s", solo)
    await one.subscribe("s", other_group, queue_group="h")
    for number in range(1, 301):
        await one.publish("s", task(number))
    await solo.holds(300)
    await other_group.holds(300)
    # Who gets which is the bus's business: some take turns, others throw dice.
    for member in members:
        await member.holds(1)
    await all_delivered(one)
    await all_delivered(two)
    # `>` hears the last ones too; those are number 0.
    shared = Counter(number for member in members for number in member.numbers if number)
    assert shared == Counter(range(1, 301))


async def test_plain_functions_are_handlers_too(join):
    synapse = await join()
    got: list[int] = []
    await synapse.subscribe("s", lambda signal: got.append(number_of(signal)))
    await synapse.publish("s", task(1))
    await synapse.publish("s", task(2))
    await all_delivered(synapse)
    assert got == [1, 2]


async def test_plain_functions_keep_the_order_across_subscriptions(join):
    synapse = await join()
    got: list[int] = []
    for subject in ("a", "b", "c"):
        await synapse.subscribe(subject, lambda signal: got.append(number_of(signal)))
    for number in range(60):
        await synapse.publish("abc"[number * 7 % 3], task(number))
    await all_delivered(synapse)
    assert got == list(range(60))


async def test_a_plain_function_may_return_something_to_await(join):
    synapse = await join()
    inbox = Inbox()
    await synapse.subscribe("s", lambda signal: inbox(signal))
    for number in range(20):
        await synapse.publish("s", task(number))
    await inbox.holds(20)
    assert inbox.numbers == list(range(20))


async def test_a_slow_handler_delays_nobody(join):
    synapse = await join()
    release = asyncio.Event()
    running = 0
    all_running = asyncio.Event()
    inbox = Inbox()

    async def slow(signal: Signal) -> None:
        nonlocal running
        running += 1
        if running == 50:
            all_running.set()
        await release.wait()

    await synapse.subscribe("s", slow)
    await synapse.subscribe("s", inbox)
    for number in range(50):
        await synapse.publish("s", task(number))
    # Fifty run at once, and the other subscription has everything while they do.
    await all_running.wait()
    await inbox.holds(50)
    release.set()


async def test_a_handler_that_fails_is_logged_and_disturbs_nobody(join, caplog):
    synapse = await join()
    inbox = Inbox()

    async def broken(signal: Signal) -> None:
        raise ValueError("a broken handler")

    def plainly_broken(signal: Signal) -> None:
        raise ValueError("a broken plain handler")

    await synapse.subscribe("s", broken)
    await synapse.subscribe("s", plainly_broken)
    await synapse.subscribe("s", inbox)
    await synapse.publish("s", task(1))
    await synapse.publish("s", task(2))
    await inbox.holds(2)
    await all_delivered(synapse)
    assert caplog.text.count("ValueError: a broken handler") == 2
    assert caplog.text.count("ValueError: a broken plain handler") == 2


async def test_a_cancelled_handler_does_not_end_the_subscription(join):
    synapse = await join()
    inbox = Inbox()

    async def cancels_itself(signal: Signal) -> None:
        if number_of(signal) == 0:
            current = asyncio.current_task()
            assert current is not None
            current.cancel()
            await asyncio.Event().wait()
        await inbox(signal)

    await synapse.subscribe("s", cancels_itself)
    await synapse.publish("s", task(0))
    await synapse.publish("s", task(1))
    await inbox.holds(1)
    assert inbox.numbers == [1]


async def test_what_a_subscriber_changes_nobody_else_sees(join):
    synapse = await join()
    inbox = Inbox()

    def vandal(signal: Signal) -> None:
        signal.payload["input"]["list"][1]["deep"] = "changed"
        signal.payload["input"]["number"] = -1
        signal.meta["x"] = 1

    await synapse.subscribe("s", vandal)
    await synapse.subscribe("s", inbox)
    sent = task(1)
    await synapse.publish("s", sent)
    sent.payload["input"]["list"].append("after publishing")
    await inbox.holds(1)
    assert inbox.signals[0].payload == task(1).payload
    assert inbox.signals[0].meta == {}
    assert sent.meta == {}


async def test_unsubscribing_ends_delivery_and_may_be_repeated(join):
    synapse = await join()
    inbox = Inbox()
    subscription = await synapse.subscribe("s", inbox)
    await synapse.publish("s", task(1))
    await inbox.holds(1)
    await subscription.unsubscribe()
    await subscription.unsubscribe()
    await synapse.publish("s", task(2))
    await all_delivered(synapse)
    assert inbox.numbers == [1]


async def test_a_handler_may_unsubscribe_itself(join):
    synapse = await join()
    inbox = Inbox()

    async def once(signal: Signal) -> None:
        await subscription.unsubscribe()
        await inbox(signal)

    subscription = await synapse.subscribe("s", once)
    for number in range(3):
        await synapse.publish("s", task(number))
    await all_delivered(synapse)
    assert inbox.numbers == [0]


async def test_a_handler_may_publish_and_answer(join):
    synapse = await join()
    inbox = Inbox()

    async def passes_on(signal: Signal) -> None:
        await synapse.publish("out", signal)

    await synapse.subscribe("in", passes_on)
    await synapse.subscribe("out", inbox)
    for number in range(50):
        await synapse.publish("in", task(number))
    await inbox.holds(50)
    assert inbox.numbers == list(range(50))


async def test_a_signal_passed_round_in_a_circle_leaves_the_loop_alive(join):
    synapse = await join()
    rounds = 0
    enough = asyncio.Event()

    async def again(signal: Signal) -> None:
        nonlocal rounds
        rounds += 1
        if rounds > 2000:
            enough.set()
        else:
            await synapse.publish("round", signal)

    await synapse.subscribe("round", again)
    await synapse.publish("round", task())
    await enough.wait()


async def test_request_returns_the_first_reply(join):
    asking, answering = await join(), await join()

    async def answer(signal: Signal) -> None:
        await answering.reply_to(signal, signal.reply(SignalType.AGENT_OUTPUT, {"output": number_of(signal)}))
        await answering.reply_to(signal, signal.reply(SignalType.AGENT_OUTPUT, {"output": "second"}))

    await answering.subscribe("ask", answer)
    request = task(5)
    reply = await asking.request("ask", request)
    assert reply.payload == {"output": 5}
    assert reply.parent_id == request.id
    assert request.meta == {}


async def test_a_request_nobody_answers_times_out(join):
    synapse = await join()
    with pytest.raises(TimeoutError, match=r"no reply on ask within 0\.01 s"):
        await synapse.request("ask", task(), timeout_s=0.01)


async def test_a_signal_without_a_reply_subject_cannot_be_answered(join):
    synapse = await join()
    with pytest.raises(SynapseError, match="asks for no reply"):
        await synapse.reply_to(task(), task())


async def test_a_tap_sees_every_frame_in_order(join):
    synapse = await join()
    seen: list[tuple[str, bytes]] = []
    tapped = await synapse.tap("a.>", lambda *frame: seen.append(frame))
    signals = [task(number) for number in range(3)]
    for number, signal in enumerate(signals):
        await synapse.publish(f"a.{number}", signal)
    await synapse.publish("b", task())
    await all_delivered(synapse)
    assert [(subject, Signal.decode(frame)) for subject, frame in seen] == [
        (f"a.{number}", signal) for number, signal in enumerate(signals)
    ]
    await tapped.unsubscribe()
    await tapped.unsubscribe()
    await synapse.publish("a.4", task())
    await all_delivered(synapse)
    assert len(seen) == 3


async def test_a_tap_that_fails_disturbs_nobody(join, caplog):
    synapse = await join()
    inbox = Inbox()

    def broken(subject: str, frame: bytes) -> None:
        raise RuntimeError("a broken tap")

    await synapse.tap(">", broken)
    await synapse.subscribe("s", inbox)
    await synapse.publish("s", task(1))
    await inbox.holds(1)
    assert "a broken tap" in caplog.text


async def test_close_cancels_handlers_and_nothing_works_after(join):
    synapse = await join()
    states: list[str] = []
    synapse.on_state(states.append)
    cancelled = asyncio.Event()
    started = asyncio.Event()

    async def for_ever(signal: Signal) -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    subscription = await synapse.subscribe("s", for_ever)
    await synapse.publish("s", task())
    await started.wait()
    assert synapse.connected
    await synapse.close()
    await synapse.close()
    assert cancelled.is_set()
    assert (synapse.state, synapse.connected, states) == ("closed", False, ["closed"])
    await subscription.unsubscribe()
    with pytest.raises(SynapseError, match="closed"):
        await synapse.publish("s", task())
    with pytest.raises(SynapseError, match="closed"):
        await synapse.subscribe("s", for_ever)
    with pytest.raises(SynapseError, match="closed"):
        await synapse.tap("s", lambda subject, frame: None)


async def test_a_handler_may_close_the_synapse(join):
    synapse = await join()
    closed = asyncio.Event()

    async def closes(signal: Signal) -> None:
        await synapse.close()
        closed.set()

    await synapse.subscribe("s", closes)
    await synapse.publish("s", task())
    await closed.wait()
    assert synapse.state == "closed"


async def test_connect_again_changes_nothing_and_after_close_opens(join):
    synapse = await join()
    await synapse.connect()
    await synapse.close()
    await synapse.connect()
    inbox = Inbox()
    await synapse.subscribe("s", inbox)
    await synapse.publish("s", task(3))
    await inbox.holds(1)
    assert inbox.numbers == [3]
