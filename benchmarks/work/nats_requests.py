"""The bare request and reply of nats-py on nats-server, with an envelope of the same shape: what a broker alone costs."""

from __future__ import annotations

import asyncio

import msgspec
import nats

from benchmarks.work.requests import drive
from benchmarks.work.talk import TEXT, envelope, finish, say, told

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder().decode

SUBJECT = "cosmonapse.bench.TASK"


async def main() -> None:
    wanted = told()
    client = await nats.connect(wanted["url"])
    task = decode(envelope(0)) | {"type": "TASK", "payload": {"input": {"text": TEXT}}}
    if wanted["role"] == "worker":

        async def echo(message: nats.aio.msg.Msg) -> None:
            asked = decode(message.data)
            reply = asked | {"payload": {"output": {"begins": asked["payload"]["input"]["text"][:40]}}}
            await client.publish(message.reply, encode(reply))

        await client.subscribe(SUBJECT, cb=echo)
        await client.flush()
        say(ready=True)
        await asyncio.Event().wait()

    async def call() -> None:
        reply = await client.request(SUBJECT, encode(task), timeout=20)
        if "output" not in decode(reply.data)["payload"]:
            raise RuntimeError("no result")

    finish(await drive(call, wanted["callers"], wanted["seconds"]))


if __name__ == "__main__":
    asyncio.run(main())
