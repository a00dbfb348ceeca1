"""Who is let in, who is not, and what those who are not may cost. Over real sockets."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import ssl
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path

import pytest
import trustme

from cosmo_bus import BusClient, BusServer
from cosmo_bus.access import MAX_STRANGERS, read_token
from cosmo_bus.backoff import Backoff
from cosmo_bus.errors import CannotConnect, NotAdmitted, NotLoopback, TlsError, TokenError
from cosmo_bus.same_user import is_same_user, owner_of
from cosmo_bus.testing import running_bus
from cosmo_bus.tls import client_context, server_context
from cosmo_sdk.errors import SynapseError
from cosmo_sdk.synapse import DevSynapse, connect_synapse
from tests.bus.clients import connected
from tests.bus.deaf import sent_at_once
from tests.bus.raw import RawClient, raw_client

TOKEN = "correct horse battery staple"
SHOW_IT = {
    "op": "err",
    "message": "this bus asks for its token: send it in hello, before anything else",
}


@asynccontextmanager
async def bytes_client(port: int):
    """A connection that nothing has been read from."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def turned_away(client: RawClient) -> dict[str, str]:
    """The one thing that is said to somebody who is not let in, and then the end."""
    said = await client.read()
    assert await client.read_raw() == b""
    return said


@pytest.fixture
async def locked():
    async with running_bus(token=TOKEN) as bus:
        yield bus


@pytest.fixture
def token_file(tmp_path, monkeypatch):
    path = tmp_path / "bus.token"
    path.write_text(f"{TOKEN}\n")
    path.chmod(0o600)
    monkeypatch.setenv("COSMO_TOKEN_FILE", str(path))
    return path


# -- where a bus listens


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.1", "example.org", ""])
def test_where_others_can_reach_it_a_bus_needs_a_token(host):
    with pytest.raises(NotLoopback, match="--token-file FILE"):
        BusServer(host)


@pytest.mark.parametrize("token", ["", " \n"])
def test_an_empty_token_is_none(token):
    with pytest.raises(ValueError, match="may not be empty"):
        BusServer("0.0.0.0", token=token)


async def test_with_a_token_it_listens_anywhere():
    bus = BusServer("0.0.0.0", 0, token=TOKEN)
    await bus.start()
    async with connected(f"cosmo://127.0.0.1:{bus.port}", token=TOKEN) as client:
        await client.flush()
    await bus.close()


# -- the token


async def test_whoever_shows_the_token_is_let_in(locked):
    async with raw_client(locked.port) as client:
        # In one segment: what comes behind the hello has the limit of those who are known.
        client.send({"op": "hello", "token": TOKEN, "max_line": 1 << 20})
        client.send({"op": "sub", "sub_id": "s", "subject": "s"})
        client.send({"op": "pub", "subject": "s", "frame": "x" * 100_000})
        assert (await client.read())["op"] == "welcome"
        assert len((await client.read())["frame"]) == 100_000


async def test_the_welcome_says_that_a_token_is_asked_for(locked):
    async with bytes_client(locked.port) as (reader, _):
        assert json.loads(await reader.readline())["auth"] == "token"
    async with running_bus() as bus, bytes_client(bus.port) as (reader, _):
        assert "auth" not in json.loads(await reader.readline())


@pytest.mark.parametrize(
    "line",
    [
        b'{"op":"hello"}\n',
        b'{"op":"hello","token":null}\n',
        b'{"op":"hello","token":["x"]}\n',
        b'{"op":"ping"}\n',
        b'{"op":"mgmt_list"}\n',
        b'{"op":"mgmt_stats"}\n',
        b'{"op":"mgmt_stop","namespace":"dev"}\n',
        b'{"op":"gate_set","gate_id":"g","subject":">"}\n',
        b'{"op":"sub","sub_id":"s","subject":">"}\n{"op":"ping"}\n',
        b"\n",
        b"[]\n",
        b"\xff\xfe\n",
        b"[" * 5_000 + b"\n",
        b"x" * 9_000 + b"\n",
    ],
)
async def test_anything_else_first_gets_one_error_and_the_end(locked, line):
    async with raw_client(locked.port) as client:
        client.send(line)
        assert await turned_away(client) == SHOW_IT
    assert locked.statistics().subscriptions == 0


@pytest.mark.parametrize("token", ["", "wrong", TOKEN + "x", TOKEN[:-1], "\ud800 half a pair", "é"])
async def test_a_wrong_token_gets_one_error_that_does_not_repeat_it(locked, token, caplog):
    caplog.set_level(logging.DEBUG)
    async with raw_client(locked.port) as client:
        client.send({"op": "hello", "token": token}, {"op": "ping"})
        said = await turned_away(client)
        assert said == SHOW_IT or said["message"] == "that is not the token of this bus"
    assert TOKEN not in caplog.text


async def test_who_says_nothing_is_sent_away(locked, monkeypatch):
    monkeypatch.setattr("cosmo_bus.access.STRANGER_PATIENCE_S", 0.05)
    async with raw_client(locked.port) as silent, raw_client(locked.port) as slow:
        slow.send(b'{"op":"hel')
        assert (await turned_away(silent))["message"].startswith("no hello within")
        assert (await turned_away(slow))["message"].startswith("no hello within")


async def test_many_strangers_cost_a_bounded_amount_and_keep_nobody_out(locked):
    loop = asyncio.get_running_loop()
    async with connected(locked.url, token=TOKEN) as friend:
        crowd = [socket.create_connection(("127.0.0.1", locked.port)) for _ in range(3 * MAX_STRANGERS)]
        for each in crowd:
            each.setblocking(False)
            with suppress(ConnectionError):
                # An endless line is not kept.
                await loop.sock_sendall(each, b"x" * 20_000)
        while locked.statistics().sessions > MAX_STRANGERS + 1:
            await friend.flush()
        async with connected(locked.url, token=TOKEN) as another:
            await another.flush()
        for each in crowd:
            each.close()
        while locked.statistics().sessions > 1:
            await friend.flush()


async def test_our_client_takes_the_token_as_given_or_from_the_file(locked, token_file):
    async with connected(locked.url) as client:
        await client.flush()
    token_file.write_text("another\n")
    with pytest.raises(NotAdmitted, match="that is not the token of this bus") as refused:
        await BusClient(locked.url).connect()
    assert "another" not in str(refused.value)
    async with connected(locked.url, token=TOKEN) as client:
        await client.flush()


async def test_our_client_says_what_is_missing(locked, monkeypatch):
    monkeypatch.delenv("COSMO_TOKEN_FILE", raising=False)
    with pytest.raises(
        NotAdmitted, match="asks for a token; name the file that holds it in COSMO_TOKEN_FILE"
    ):
        await BusClient(locked.url).connect()


async def test_a_bus_that_asks_for_no_token_never_sees_one(token_file):
    heard = bytearray()

    async def nosy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'{"op":"welcome"}\n')
        while line := await reader.readline():
            heard.extend(line)
            if b"ping" in line:
                writer.write(b'{"op":"pong"}\n')
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(nosy, "127.0.0.1", 0)
    async with connected(f"cosmo://127.0.0.1:{server.sockets[0].getsockname()[1]}", token=TOKEN) as client:
        await client.flush()
    server.close()
    await server.wait_closed()
    assert b'"hello"' in heard
    assert TOKEN.encode() not in heard


async def test_after_an_outage_the_token_is_shown_again():
    at_once = Backoff(first_s=0.01, longest_s=0.01)
    async with running_bus(token=TOKEN) as bus:
        client = BusClient(bus.url, token=TOKEN, backoff=at_once)
        await client.connect()
    back = asyncio.Event()
    client.on_state(lambda state: back.set() if state == "connected" else None)
    async with running_bus(port=bus.port, token=TOKEN):
        await asyncio.wait_for(back.wait(), 20)
        await client.flush()
        await client.close()


async def test_the_sdk_shows_the_token(locked, token_file):
    for synapse in (DevSynapse(locked.url, token=TOKEN), DevSynapse(locked.url)):
        await synapse.connect()
        assert synapse.state == "connected"
        await synapse.close()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\n" + TOKEN.encode(), "is empty"),
        (b" \t \n", "is empty"),
        (b"\xff\xfe", "no text"),
    ],
)
def test_a_token_file_without_a_token_is_named(tmp_path, content, words):
    path = tmp_path / "token"
    path.write_bytes(content)
    with pytest.raises(TokenError, match=words):
        read_token(path)


def test_a_token_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(TokenError, match="nowhere: No such file"):
        read_token(tmp_path / "nowhere")


def test_a_token_file_that_others_may_read_is_worth_a_word(tmp_path, caplog):
    path = tmp_path / "token"
    path.write_text(f"  {TOKEN}  \nsecond line\n")
    path.chmod(0o600)
    assert read_token(path) == TOKEN
    assert caplog.text == ""
    path.chmod(0o644)
    assert read_token(path) == TOKEN
    assert "chmod 600" in caplog.text
    assert TOKEN not in caplog.text


# -- what does not speak our language


@pytest.mark.parametrize("token", [None, TOKEN])
@pytest.mark.parametrize(
    "request_line", [b"POST / HTTP/1.1\r\n", b"GET /x?y HTTP/1.0\r\n", b"OPTIONS * HTTP/1.1\r\n"]
)
async def test_http_is_refused_also_before_the_token_is_shown(token, request_line):
    async with running_bus(token=token) as bus, bytes_client(bus.port) as (reader, writer):
        writer.write(request_line + b'Origin: http://x\r\n\r\n{"op":"ns_register","namespace":"stolen"}\n')
        welcome, refusal = (await reader.read()).splitlines()
        assert json.loads(welcome)["op"] == "welcome"
        assert json.loads(refusal)["message"] == "this is a message bus, not an HTTP server"
        assert len(bus.namespaces) == 0


# -- TLS


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def files(tmp_path, authority):
    """Certificate with key, and the CA, as files."""
    certificate, ca = tmp_path / "bus.pem", tmp_path / "ca.pem"
    authority.issue_cert("localhost", "127.0.0.1").private_key_and_cert_chain_pem.write_to_path(certificate)
    authority.cert_pem.write_to_path(ca)
    return certificate, ca


@asynccontextmanager
async def tls_bus(certificate: Path, token: str | None = None):
    async with running_bus(token=token, tls=server_context(certificate, None)) as bus:
        yield bus


async def test_everything_works_under_tls(files):
    certificate, ca = files
    async with tls_bus(certificate, TOKEN) as bus:
        assert bus.url == f"cosmos://127.0.0.1:{bus.port}"
        arrived = asyncio.Event()
        got: list[bytes] = []

        def take(subject: str, frame: bytes) -> None:
            got.append(frame)
            if len(got) == 1000:
                arrived.set()

        async with (
            connected(bus.url, token=TOKEN, tls_ca=ca) as one,
            connected(bus.url, token=TOKEN, tls_ca=ca) as other,
        ):
            await one.subscribe("s", take)
            for number in range(1000):
                other.publish("s", b"%d " % number + b"x" * 5000)
            await asyncio.wait_for(arrived.wait(), 20)
            assert [frame.split()[0] for frame in got] == [b"%d" % number for number in range(1000)]


async def test_short_lines_wait_for_nothing_under_tls_either(files):
    certificate, ca = files
    async with tls_bus(certificate) as bus, connected(bus.url, tls_ca=ca):
        assert sent_at_once(bus) == [True]


async def test_the_ca_may_come_from_the_environment(files, monkeypatch):
    certificate, ca = files
    monkeypatch.setenv("COSMO_TLS_CA", str(ca))
    async with tls_bus(certificate) as bus:
        synapse = await connect_synapse(bus.url)
        assert synapse.state == "connected"
        await synapse.close()


async def test_an_unknown_ca_is_named(files):
    certificate, _ = files
    async with tls_bus(certificate) as bus:
        with pytest.raises(NotAdmitted, match=r"certificate is not trusted.*--tls-ca"):
            await BusClient(bus.url).connect()
        assert bus.statistics().sessions == 0


async def test_another_host_name_is_named(tmp_path, authority, files):
    elsewhere = tmp_path / "elsewhere.pem"
    authority.issue_cert("bus.example").private_key_and_cert_chain_pem.write_to_path(elsewhere)
    async with tls_bus(elsewhere) as bus:
        with pytest.raises(NotAdmitted, match=r"mismatch.*the bus by a name that its certificate holds"):
            await BusClient(bus.url, tls_ca=files[1]).connect()


async def test_a_plain_client_of_a_tls_bus_is_told_and_the_bus_goes_on(files, monkeypatch):
    monkeypatch.setattr("cosmo_bus.door._FIRST_BYTE_S", 0.05)
    certificate, ca = files
    async with tls_bus(certificate) as bus, connected(bus.url, tls_ca=ca) as client:
        with pytest.raises(NotAdmitted, match="this bus speaks TLS: write cosmos://"):
            await BusClient(f"cosmo://127.0.0.1:{bus.port}").connect()
        for rude in (b'{"op":"ping"}\n', b"GET / HTTP/1.1\r\n\r\n", b"x" * 30_000):
            async with bytes_client(bus.port) as (reader, writer):
                writer.write(rude)
                assert b"speaks TLS" in await reader.read()
        await client.flush()


async def test_a_broken_handshake_hurts_nobody(files):
    certificate, ca = files
    async with tls_bus(certificate) as bus, connected(bus.url, tls_ca=ca) as client:
        async with bytes_client(bus.port) as (reader, writer):
            writer.write(b"\x16\x03\x01\x00\x05hello")
            with suppress(ConnectionError):
                await reader.read()
        async with bytes_client(bus.port) as (_, writer):
            writer.write(b"\x16")
        await client.flush()


async def test_a_tls_client_of_a_plain_bus_is_told_and_the_bus_goes_on(files):
    async with running_bus() as bus, connected(bus.url) as client:
        with pytest.raises(NotAdmitted, match="does not speak TLS; write cosmo://"):
            await BusClient(f"cosmos://127.0.0.1:{bus.port}", tls_ca=files[1]).connect()
        async with bytes_client(bus.port) as (reader, writer):
            writer.write(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
            assert b"does not speak TLS: write cosmo://" in await reader.read()
        await client.flush()


async def test_a_crowd_in_the_door_keeps_nobody_out(files):
    certificate, ca = files
    async with tls_bus(certificate) as bus:
        with ExitStack() as crowd:
            for number in range(200):
                silent = crowd.enter_context(socket.create_connection(("127.0.0.1", bus.port)))
                if number % 2:
                    silent.sendall(b"\x16\x03\x01")
            async with connected(bus.url, tls_ca=ca) as client:
                await client.flush()
                assert bus.statistics().sessions == 1


async def test_a_tls_bus_closes_also_while_somebody_stands_in_the_door(files):
    async with tls_bus(files[0]) as bus, bytes_client(bus.port) as (_, writer):
        writer.write(b"\x16\x03")
        await writer.drain()
    with pytest.raises(CannotConnect, match="nothing listens there"):
        await BusClient(bus.url).connect()


def test_files_for_tls_that_cannot_be_used_are_named(tmp_path, files):
    certificate, ca = files
    with pytest.raises(TlsError, match="nowhere"):
        server_context(tmp_path / "nowhere", None)
    with pytest.raises(TlsError, match="nowhere"):
        server_context(certificate, tmp_path / "nowhere")
    with pytest.raises(TlsError, match="no certificate with its private key"):
        server_context(ca, None)
    with pytest.raises(TlsError, match="cannot read the CA file"):
        client_context(tmp_path / "nowhere")
    nonsense = tmp_path / "nonsense"
    nonsense.write_text("nonsense")
    with pytest.raises(TlsError, match="no certificate of a CA"):
        client_context(nonsense)
    assert client_context(ca).verify_mode is ssl.CERT_REQUIRED


# -- who may stop what


async def test_the_owner_stops_its_namespace():
    async with running_bus() as bus, raw_client(bus.port) as owner:
        await owner.ask({"op": "ns_register", "namespace": "dev"})
        owner.send({"op": "mgmt_stop", "namespace": "dev"})
        assert [line["op"] for line in await owner.settle()] == ["ns_stopping", "mgmt_stop_ack"]


async def test_without_a_token_another_user_of_the_machine_stops_nothing(monkeypatch):
    monkeypatch.setattr("cosmo_bus.session.is_same_user", lambda theirs, ours: False)
    async with running_bus() as bus, raw_client(bus.port) as owner, raw_client(bus.port) as other:
        await owner.ask({"op": "ns_register", "namespace": "dev"})
        refusal = await other.ask({"op": "mgmt_stop", "namespace": "dev"})
        assert refusal["message"] == "mgmt_stop: only who announced namespace 'dev' may stop it"
        assert (await owner.ask({"op": "mgmt_stop", "namespace": "dev"}))["op"] == "ns_stopping"


async def test_whoever_holds_the_token_may_stop_a_namespace(locked, monkeypatch):
    monkeypatch.setattr("cosmo_bus.session.is_same_user", lambda theirs, ours: False)
    stopped = asyncio.Event()
    locked.announce("dev", stopped.set)
    async with raw_client(locked.port) as other:
        await other.ask({"op": "hello", "token": TOKEN})
        assert (await other.ask({"op": "mgmt_stop", "namespace": "dev"}))["op"] == "mgmt_stop_ack"
    assert stopped.is_set()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_the_system_tells_who_is_at_the_other_end(host):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with (
        socket.create_server((host, 0), family=family) as server,
        socket.create_connection(server.getsockname()[:2]) as near,
        server.accept()[0] as far,
    ):
        assert is_same_user(far.getpeername(), far.getsockname())
        assert is_same_user(near.getpeername(), near.getsockname())


def test_the_table_of_the_kernel_is_read():
    rows = [
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
        "   0: 0100007F:1B9E 0100007F:C001 01 00000000:00000000 00:00000000 00000000  1000        0 1 1",
        "   1: 0100007F:C001 0100007F:1B9E 01 00000000:00000000 00:00000000 00000000  1001        0 2 1",
        "   2: 0000000000000000FFFF00000100007F:C002 0000000000000000FFFF00000100007F:1B9E 01 0:0 0:0 0 1002 0 3",
    ]
    bus = ("127.0.0.1", 0x1B9E)
    assert owner_of(rows, ("127.0.0.1", 0xC001), bus) == 1001
    assert owner_of(rows, bus, ("127.0.0.1", 0xC001)) == 1000
    assert owner_of(rows, ("::ffff:127.0.0.1", 0xC002, 0, 0), bus) == 1002
    assert owner_of(rows, ("127.0.0.1", 1), bus) is None


async def test_patience_is_for_a_bus_that_is_away_not_for_one_that_says_no(locked):
    url = f"cosmo://127.0.0.1:{locked.port}"
    with pytest.raises(NotAdmitted, match="not the token"):
        await BusClient(url, token="wrong", backoff=Backoff(first_s=0.001)).connect(patience_s=3600)
    with pytest.raises(SynapseError, match="token"):
        await connect_synapse(url, patience_s=3600)
