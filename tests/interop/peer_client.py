"""A client that runs inside a released peer's environment: orders on stdin, what it hears on stdout, one JSON a line."""

from __future__ import annotations

import asyncio
import json
import sys

from cosmonapse import Signal, connect_synapse


def say(**news):
    print(json.dumps(news), flush=True)


async def hear(signal):
    text = signal.encode()
    say(received=text if isinstance(text, str) else text.decode())


async def carry_out(synapse, order):
    if order["do"] == "subscribe":
        await synapse.subscribe(order["subject"], hear, queue_group=order["queue_group"])
        say(subscribed=order["subject"])
    elif order["do"] == "publish":
        await synapse.publish(order["subject"], Signal.decode(order["signal"]))
    elif order["do"] == "request":
        await hear(await synapse.request(order["subject"], Signal.decode(order["signal"])))


async def main(url):
    synapse = await connect_synapse(url)
    say(ready=True)
    loop = asyncio.get_running_loop()
    orders = asyncio.StreamReader(limit=1 << 24)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while line := await orders.readline():
        await carry_out(synapse, json.loads(line))


asyncio.run(main(sys.argv[1]))
