"""C4: whatever a client says, our bus answers as the latest released bus does (PROTOCOL 4.2 to 4.4)."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest

from cosmo_bus.testing import running_bus
from tests.bus.raw import raw_client
from tests.interop.border import PeerRoom

Line = dict[str, Any] | bytes

REGISTER = {"op": "ns_register", "namespace": "n1"}
TOO_LONG_FOR_THEM = b"x" * 70_000 + b"\n"
PUB = {"op": "pub", "subject": "cosmonapse.n1.TASK", "frame": '{"text":"h\u00e9 \\" \U0001f600"}'}

STIMULI: dict[str, list[Line]] = {
    "ping": [{"op": "ping"}],
    "hello with anything": [{"op": "hello", "who": "me", "version": 7}],
    "pub without anything": [{"op": "pub"}],
    "pub without a frame": [{"op": "pub", "subject": "s"}],
    "pub without a subject": [{"op": "pub", "frame": "f"}],
    "pub with nulls": [{"op": "pub", "subject": None, "frame": None}],
    "sub without anything": [{"op": "sub"}],
    "sub without a subject": [{"op": "sub", "sub_id": "a"}],
    "sub without an id": [{"op": "sub", "subject": "s"}],
    "an unknown op": [{"op": "bogus"}],
    "no op": [{}],
    "a null op": [{"op": None}],
    "a namespace without a name": [{"op": "ns_register"}],
    "a namespace": [REGISTER],
    "a namespace again": [REGISTER, PUB, REGISTER, {"op": "mgmt_list"}],
    "a namespace with a transport": [{**REGISTER, "transport": "carrier pigeon"}, {"op": "mgmt_list"}],
    "no namespaces": [{"op": "mgmt_list"}],
    "two namespaces": [REGISTER, {**REGISTER, "namespace": "n2"}, {"op": "mgmt_list"}],
    "info of a namespace": [REGISTER, PUB, PUB, {"op": "mgmt_info", "namespace": "n1"}],
    "info of an unknown namespace": [{"op": "mgmt_info", "namespace": "nope"}],
    "info of no namespace": [{"op": "mgmt_info"}],
    "stopping a namespace": [REGISTER, {"op": "mgmt_stop", "namespace": "n1"}, {"op": "mgmt_list"}],
    "stopping an unknown namespace": [{"op": "mgmt_stop", "namespace": "nope"}],
    "stopping no namespace": [{"op": "mgmt_stop"}],
    "a message to oneself": [{"op": "sub", "sub_id": "a", "subject": PUB["subject"]}, PUB],
    "a message nobody wants": [{"op": "sub", "sub_id": "a", "subject": "else"}, PUB],
    "two subscriptions that match": [
        {"op": "sub", "sub_id": "a", "subject": "cosmonapse.*.TASK"},
        {"op": "sub", "sub_id": "b", "subject": "cosmonapse.>", "queue_group": None},
        PUB,
    ],
    "an id used again": [
        {"op": "sub", "sub_id": "a", "subject": "else"},
        {"op": "sub", "sub_id": "a", "subject": "cosmonapse.>"},
        PUB,
        {**PUB, "subject": "else"},
    ],
    "unsubscribed": [
        {"op": "sub", "sub_id": "a", "subject": "cosmonapse.>"},
        {"op": "unsub", "sub_id": "a"},
        {"op": "unsub", "sub_id": "a"},
        {"op": "unsub"},
        PUB,
    ],
    "a group takes turns, over patterns, also the group without a name": [
        {"op": "sub", "sub_id": "a", "subject": "m.*", "queue_group": ""},
        {"op": "sub", "sub_id": "b", "subject": "m.k", "queue_group": ""},
        *[{"op": "pub", "subject": "m.k", "frame": "x"}] * 4,
    ],
    "an empty frame": [
        {"op": "sub", "sub_id": "a", "subject": "s"},
        {"op": "pub", "subject": "s", "frame": ""},
    ],
    "a frame that is no JSON": [
        {"op": "sub", "sub_id": "a", "subject": "s"},
        {"op": "pub", "subject": "s", "frame": "not json"},
    ],
    "keys nobody knows": [{"op": "ping", "extra": [1, {"deep": None}]}],
    "text": [b"nonsense\n"],
    "an empty line": [b"\n"],
    "a blank line": [b"  \n"],
    "no UTF-8": [b'{"op":"pub","frame":"\xff"}\n'],
    "two ops in one segment, with a carriage return": [b'{"op":"ping"}\r\n{"op":"bogus"}\n'],
}


END: Line = {"op": "mgmt_info", "namespace": "the end"}


async def said(port: int, lines: list[Line]) -> list[dict[str, Any]]:
    """What a bus says to these lines, without what no two buses share."""
    async with raw_client(port) as client:
        client.send(*lines, END)
        answers = []
        while "the end" not in (answer := await client.read()).get("message", ""):
            answers.append(comparable(answer))
    return answers


def comparable(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer without times, without what a parser says, and without what our welcome adds."""
    if answer["op"] == "welcome":
        return {"op": "welcome"}
    if answer.get("message", "").startswith("bad JSON: "):
        return {"op": "err", "message": "bad JSON: ..."}
    for entry in (answer, *answer.get("namespaces", ())):
        entry.pop("started_at", None)
    return answer


def order(answer: dict[str, Any]) -> str:
    return json.dumps(answer, sort_keys=True)


async def port_of_theirs(latest: PeerRoom) -> int:
    """A new bus of the latest release."""
    port = urlsplit(await latest.do("bus")).port
    assert port is not None
    return port


@pytest.mark.peer
@pytest.mark.parametrize("stimulus", STIMULI)
async def test_c04_our_bus_answers_as_theirs(latest: PeerRoom, stimulus: str) -> None:
    expected = await said(await port_of_theirs(latest), STIMULI[stimulus])
    async with running_bus() as bus:
        ours = await said(bus.port, STIMULI[stimulus])
    assert [answer["op"] for answer in ours] == [answer["op"] for answer in expected]
    # Which of several matching subscriptions hears first is nobody's promise.
    assert sorted(ours, key=order) == sorted(expected, key=order)


@pytest.mark.peer
@pytest.mark.parametrize(
    "line",
    [b"[]\n", b"5\n", b"null\n", b'"x"\n', {"op": "pub", "subject": 7, "frame": "f"}, TOO_LONG_FOR_THEM],
    ids=["list", "number", "null", "text", "subject of the wrong type", "longer than 64 KiB"],
)
async def test_c04_where_theirs_hangs_up_ours_says_why(latest: PeerRoom, line: Line) -> None:
    async with raw_client(await port_of_theirs(latest)) as client:
        client.send(line)
        with suppress(ConnectionResetError):
            assert await client.read_raw() == b""
    async with running_bus() as bus, raw_client(bus.port) as client:
        assert (await client.ask(line))["op"] == "err"
        assert await client.settle() == []
