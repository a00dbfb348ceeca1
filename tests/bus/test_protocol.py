"""Every stimulus of the wire protocol over a real socket (PROTOCOL 4.2 to 4.7)."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime

import pytest

from cosmo_bus import __version__
from tests.bus.raw import raw_client


@pytest.fixture
async def client(bus):
    async with raw_client(bus.port) as connected:
        yield connected


async def test_the_first_line_is_a_welcome_that_says_what_the_bus_takes(bus):
    reader, writer = await asyncio.open_connection("127.0.0.1", bus.port)
    welcome = json.loads(await reader.readline())
    writer.close()
    await writer.wait_closed()
    assert welcome == {
        "op": "welcome",
        "server": f"cosmo_bus/{__version__}",
        "max_line": 8 << 20,
        "ext": ["gate", "chaos", "stats"],
    }


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        ({"op": "ping"}, {"op": "pong"}),
        ({"op": "ns_register", "namespace": "n1"}, {"op": "ns_registered", "namespace": "n1"}),
        ({"op": "mgmt_list"}, {"op": "mgmt_ns_list", "namespaces": []}),
        ({"op": "pub"}, "pub: missing subject/frame"),
        ({"op": "pub", "subject": "s"}, "pub: missing subject/frame"),
        ({"op": "pub", "frame": "f"}, "pub: missing subject/frame"),
        ({"op": "sub"}, "sub: missing sub_id/subject"),
        ({"op": "sub", "sub_id": "1"}, "sub: missing sub_id/subject"),
        ({"op": "sub", "subject": "s"}, "sub: missing sub_id/subject"),
        ({"op": "bogus"}, "unknown op 'bogus'"),
        ({}, "unknown op None"),
        ({"op": None}, "unknown op None"),
        ({"op": "ns_register"}, "ns_register: missing namespace"),
        ({"op": "mgmt_info", "namespace": "nope"}, "namespace 'nope' not found"),
        ({"op": "mgmt_stop", "namespace": "nope"}, "namespace 'nope' not found"),
        ({"op": "mgmt_info"}, "namespace None not found"),
        ({"op": "mgmt_info", "namespace": "x" * 5000}, f"namespace '{'x' * 199} not found"),
        ({"op": "ns_register", "namespace": "x" * 5000}, "ns_register: longer than 4096 characters"),
        ({"op": "sub", "sub_id": "s", "subject": "x" * 5000}, "sub: longer than 4096 characters"),
        ({"op": "pub", "subject": "x" * 5000, "frame": ""}, "pub: subject longer than 4096 characters"),
        ({"op": "mgmt_stop"}, "namespace None not found"),
        # Released servers close the connection here, or pass on what no client can read.
        ({"op": "pub", "subject": 7, "frame": "f"}, "pub: Expected `str | null`, got `int` - at `subject`"),
        (
            {"op": "pub", "subject": "s", "frame": {"a": 1}},
            "pub: frame must be a string, the JSON text of the message",
        ),
        (
            {"op": "sub", "subject": "s", "sub_id": []},
            "sub: Expected `str | null`, got `array` - at `sub_id`",
        ),
        (b"[]\n", "a line must be a JSON object, not list"),
        (b'"x"\n', "a line must be a JSON object, not str"),
        (b"null\n", "a line must be a JSON object, not NoneType"),
    ],
)
async def test_one_line_one_answer(client, line, reply):
    expected = reply if isinstance(reply, dict) else {"op": "err", "message": reply}
    assert await client.ask(line) == expected
    assert await client.settle() == []


@pytest.mark.parametrize(
    "line",
    [b"nonsense\n", b"\n", b"  \n", b'{"op":"pub","frame":"\xff"}\n', b"[" * 60_000 + b"\n"],
    ids=["text", "empty", "blank", "invalid UTF-8", "deep"],
)
async def test_what_is_no_json_is_refused_and_the_connection_lives(client, line):
    answer = await client.ask(line)
    assert answer["op"] == "err"
    assert answer["message"].startswith("bad JSON: ")
    assert await client.settle() == []


async def test_hello_is_welcomed_again(client):
    assert (await client.ask({"op": "hello", "anything": 1}))["op"] == "welcome"


async def test_ops_may_share_a_segment_be_split_or_end_without_newline(client):
    client.send(b'{"op":"ping"}\r\n{"op":"pi')
    assert await client.read() == {"op": "pong"}
    client.send(b'ng"}\n{"op":"ping"}')
    assert await client.read() == {"op": "pong"}
    client.writer.write_eof()
    assert await client.read() == {"op": "pong"}
    assert await client.read_raw() == b""


async def test_a_message_reaches_every_matching_subscription_also_the_senders(client):
    await client.subscribe("a.*", "one")
    await client.subscribe("a.>", "two")
    await client.subscribe("b", "three")
    client.send({"op": "pub", "subject": "a.x", "frame": '{"k":"\u00fc"}'})
    assert await client.read() == {"op": "msg", "subject": "a.x", "frame": '{"k":"ü"}', "sub_id": "one"}
    assert await client.read() == {"op": "msg", "subject": "a.x", "frame": '{"k":"ü"}', "sub_id": "two"}
    assert await client.settle() == []


@pytest.mark.parametrize("frame", ["", "not json", '"quoted"', "\\", "a\nb"])
async def test_a_frame_is_any_text(client, frame):
    await client.subscribe("s")
    assert (await client.ask({"op": "pub", "subject": "s", "frame": frame}))["frame"] == frame


async def test_a_sub_id_used_again_replaces_the_subscription(client):
    await client.subscribe("a", "same")
    await client.subscribe("b", "same")
    client.send({"op": "pub", "subject": "a", "frame": ""})
    assert await client.settle() == []
    assert (await client.ask({"op": "pub", "subject": "b", "frame": ""}))["subject"] == "b"


async def test_unsub_ends_a_subscription_and_unknown_ones_do_not_matter(client):
    await client.subscribe("a", "one")
    client.send({"op": "unsub", "sub_id": "one"}, {"op": "unsub", "sub_id": "one"}, {"op": "unsub"})
    client.send({"op": "pub", "subject": "a", "frame": ""})
    assert await client.settle() == []


async def test_a_group_takes_turns_over_connections_and_patterns(bus, client):
    async with raw_client(bus.port) as other:
        await client.subscribe("m.*", queue_group="h")
        await other.subscribe("m.k", queue_group="h")
        for number in range(6):
            client.send({"op": "pub", "subject": "m.k", "frame": str(number)})
        mine = await client.settle()
        theirs = await other.settle()
        assert [msg["frame"] for msg in mine] == ["0", "2", "4"]
        assert [msg["frame"] for msg in theirs] == ["1", "3", "5"]


async def test_the_empty_group_is_a_group_and_null_is_none(bus, client):
    async with raw_client(bus.port) as other:
        await client.subscribe("m", "a", queue_group="")
        await other.subscribe("m", "b", queue_group="")
        await other.subscribe("m", "c", queue_group=None)
        client.send({"op": "pub", "subject": "m", "frame": ""})
        assert len(await client.settle()) + len(await other.settle()) == 2


async def test_a_member_that_left_takes_no_turn(bus, client):
    await client.subscribe("m", queue_group="g")
    async with raw_client(bus.port) as other:
        await other.subscribe("m", queue_group="g")
    while bus.statistics().sessions > 1:
        await client.settle()
    for _ in range(4):
        client.send({"op": "pub", "subject": "m", "frame": ""})
    assert len(await client.settle()) == 4


async def test_namespaces_are_listed_counted_and_described(bus, client):
    client.send({"op": "ns_register", "namespace": "dev"})
    await client.read()
    client.send({"op": "pub", "subject": "cosmonapse.dev.TASK", "frame": ""})
    client.send({"op": "pub", "subject": "elsewhere.dev.TASK", "frame": ""})
    listed = (await client.ask({"op": "mgmt_list"}))["namespaces"]
    assert [(entry["namespace"], entry["transport"], entry["signal_count"]) for entry in listed] == [
        ("dev", "memory", 1)
    ]
    assert datetime.fromisoformat(listed[0]["started_at"]).utcoffset() is not None
    info = await client.ask({"op": "mgmt_info", "namespace": "dev"})
    assert info == {"op": "mgmt_ns_info", **listed[0], "client_count": 1}


async def test_stopping_a_namespace_tells_its_owner_and_forgets_it(bus, client):
    await client.ask({"op": "ns_register", "namespace": "dev", "transport": "tcp"})
    async with raw_client(bus.port) as other:
        ack = await other.ask({"op": "mgmt_stop", "namespace": "dev"})
        assert ack == {"op": "mgmt_stop_ack", "namespace": "dev"}
        assert await client.read() == {"op": "ns_stopping", "namespace": "dev"}
        assert (await other.ask({"op": "mgmt_list"}))["namespaces"] == []


async def test_a_namespace_belongs_to_who_registered_it_and_goes_with_them(bus, client):
    async with raw_client(bus.port) as other:
        await client.ask({"op": "ns_register", "namespace": "dev"})
        client.send({"op": "pub", "subject": "cosmonapse.dev.TASK", "frame": ""})
        taken = await other.ask({"op": "ns_register", "namespace": "dev"})
        assert taken["message"] == (
            "ns_register: namespace 'dev' belongs to another connection; stop it there first"
        )
        assert (await client.ask({"op": "mgmt_list"}))["namespaces"][0]["signal_count"] == 1
        await client.ask({"op": "ns_register", "namespace": "dev"})
        assert (await client.ask({"op": "mgmt_list"}))["namespaces"][0]["signal_count"] == 0
        await client.ask({"op": "ns_register", "namespace": "mine"})
        await other.ask({"op": "ns_register", "namespace": "theirs"})
    while bus.statistics().sessions > 1:
        await client.settle()
    listed = (await client.ask({"op": "mgmt_list"}))["namespaces"]
    assert [entry["namespace"] for entry in listed] == ["dev", "mine"]


async def test_an_http_request_is_refused_in_one_line(bus):
    reader, writer = await asyncio.open_connection("127.0.0.1", bus.port)
    writer.write(b'POST / HTTP/1.1\r\nOrigin: http://x\r\n\r\n{"op":"ns_register","namespace":"stolen"}\n')
    lines = (await reader.read()).splitlines()
    writer.close()
    await writer.wait_closed()
    assert len(lines) == 2
    assert json.loads(lines[1]) == {"op": "err", "message": "this is a message bus, not an HTTP server"}
    assert len(bus.namespaces) == 0
