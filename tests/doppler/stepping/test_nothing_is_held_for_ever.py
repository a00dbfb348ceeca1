"""Whatever a person does, and however Doppler ends, every signal goes on or is dropped because somebody said so."""

from __future__ import annotations

import asyncio
import json
import random
import sys

import pytest

from cosmo_doppler.errors import SteppingError
from cosmo_sdk import Signal, SignalType
from tests.doppler.stepping.gates import AtTheGates

HOLDER = """
import asyncio, sys
from cosmo_doppler.session.live import open_live

async def hold(session):
    while session.stepper is None:
        await asyncio.sleep(0.01)
    await session.stepper.ask(session.stepper.set_break("type:BID"))
    print("holding", flush=True)
    await asyncio.Event().wait()

session = open_live(sys.argv[1], "dev")
session.start()
asyncio.run(hold(session))
"""


class Hands:
    """A person who does anything, by chance."""

    def __init__(self, floor, chance: random.Random) -> None:
        self.floor = floor
        self.chance = chance
        self.dropped: set[str] = set()
        self.refused = 0

    async def act(self) -> None:
        stepper = self.floor.stepper
        held = stepper.book.meant
        one = self.chance.choice(held) if held else None
        deed = self.chance.choice(["step", "release", "edit", "drop", "delay", "lend", "switch", "break"])
        try:
            if deed == "break" and len(stepper.book.breaks) < 4:
                await stepper.set_break(
                    self.chance.choice(["type:BID", "cost<0.5", "type:TASK cost>0.2", "who:ada"])
                )
            elif deed == "switch" and stepper.book.breaks:
                by = self.chance.choice(list(stepper.book.breaks.values()))
                await (stepper.switch_off if by.on else stepper.switch_on)(by.number)
            elif deed == "step":
                await stepper.step()
            elif one is not None:
                await self._decide(deed, one)
        except SteppingError:
            self.refused += 1

    async def _decide(self, deed, one) -> None:
        stepper = self.floor.stepper
        if deed == "release":
            await stepper.release(one.hold_id)
        elif deed == "edit":
            frame = json.loads(one.frame)
            frame["payload"]["cost"] = round(self.chance.random(), 2)
            await stepper.send(one.hold_id, json.dumps(frame).encode())
        elif deed == "drop":
            await stepper.drop(one.hold_id)
            self.dropped.add(one.header.id)
        elif deed == "delay":
            await stepper.delay(one.hold_id, self.chance.random() / 100)
        elif deed == "lend":
            await stepper.lend(one.hold_id)
            await stepper.hand_back(one.hold_id)


@pytest.mark.parametrize("seed", range(6))
async def test_with_any_hands_every_signal_goes_on_or_is_dropped(on_the_floor, seed):
    chance = random.Random(seed)
    async with on_the_floor() as floor:
        hands = Hands(floor, chance)
        await floor.stepper.set_break("type:BID cost<0.5")
        sent = []
        for _ in range(60):
            signal = Signal(
                type=chance.choice([SignalType.BID, SignalType.TASK]),
                trace_id=f"trc_{chance.randrange(5)}",
                payload={"cost": round(chance.random(), 2)},
            )
            sent.append(signal.id)
            await floor.publish(signal)
            await hands.act()

        def gone() -> set[str]:
            frames = [frame for subject, frame in floor.seen if subject.startswith("cosmonapse.")]
            return {json.loads(frame)["id"] for frame in frames} | hands.dropped

        # Nothing was let go with the breaks: whatever is held still can be stepped through, one by one.
        async with asyncio.timeout(60):
            while set(sent) - gone():
                if floor.stepper.book.meant:
                    try:
                        await floor.stepper.step()
                    except SteppingError:
                        hands.refused += 1
                await asyncio.sleep(0)
        assert len(floor.stepper.book) == 0
        ids = [json.loads(frame)["id"] for subject, frame in floor.seen if subject.startswith("cosmonapse.")]
        assert len(ids) == len(set(ids))
        assert not hands.dropped & set(ids)
        async with AtTheGates(floor.url) as gates:
            assert (await gates.state()).held == []


async def test_killing_doppler_lets_everything_go_in_order(on_the_floor):
    async with on_the_floor() as floor:
        doppler = await asyncio.create_subprocess_exec(
            sys.executable, "-c", HOLDER, floor.url, stdout=asyncio.subprocess.PIPE
        )
        try:
            assert doppler.stdout is not None
            assert await doppler.stdout.readline() == b"holding\n"
            bids = [Signal(type=SignalType.BID, trace_id="trc_ONE", payload={"cost": n}) for n in range(20)]
            await floor.publish(*bids)
            async with AtTheGates(floor.url) as gates:

                async def held() -> int:
                    return len((await gates.state()).held)

                async with asyncio.timeout(60):
                    # Over a socket: no event of ours tells.
                    while await held() < 20:  # noqa: ASYNC110
                        await asyncio.sleep(0.01)
            assert "BID" not in floor.kinds()
        finally:
            doppler.kill()
            await doppler.wait()
        await floor.until(lambda: floor.kinds().count("BID") == 20)
        went = [json.loads(frame)["id"] for subject, frame in floor.seen if subject.endswith(".BID")]
        assert went == [bid.id for bid in bids]


async def test_a_bus_that_goes_away_takes_its_breaks_along_and_says_so(on_the_floor):
    async with on_the_floor() as floor:
        broken = await floor.stepper.set_break("type:BID")
        await floor.publish(Signal(type=SignalType.BID, payload={}))
        await floor.held()
        await floor.bus.close()
        await floor.until(lambda: broken.ended)
        assert broken.ended == "opened by itself: the bus ends"
        assert len(floor.stepper.book) == 0
        assert floor.stepper.book.take_sayings() == [
            "Break type:BID opened by itself: the bus ends; what it held went on"
        ]
