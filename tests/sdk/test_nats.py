"""What is special to NATS: outages, limits, logins, names of groups, requests across dialects, and the missing extra."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading

import nats
import pytest
import trustme

from cosmo_bus.backoff import Backoff
from cosmo_sdk.envelope import Signal
from cosmo_sdk.errors import EnvelopeError, SynapseError
from cosmo_sdk.signal_types import SignalType
from cosmo_sdk.synapse import Synapse, connect_synapse, synapse_from_url
from cosmo_sdk.synapse._nats_names import group_on_nats, parse_nats_url
from cosmo_sdk.synapse.nats import NatsSynapse
from tests.contracts.synapse import Inbox, all_delivered, task
from tests.nats_server import RunningServer, config_file, running_nats

QUICK = Backoff(first_s=0.01, longest_s=0.02)


@pytest.fixture(scope="module")
def server():
    with running_nats() as server:
        yield server


@pytest.fixture
async def join(server: RunningServer):
    opened: list[Synapse] = []

    async def another() -> Synapse:
        opened.append(await connect_synapse(server.url))
        return opened[-1]

    yield another
    for synapse in opened:
        await synapse.close()


class States:
    """The states a synapse went through."""

    def __init__(self, synapse: Synapse) -> None:
        self.all: list[str] = []
        self._changed = asyncio.Event()
        synapse.on_state(self._note)

    def _note(self, state: str) -> None:
        self.all.append(state)
        self._changed.set()

    async def reach(self, *states: str) -> None:
        while self.all != list(states):
            self._changed.clear()
            await self._changed.wait()


# -- outages


async def test_a_killed_server_is_noticed_and_a_new_one_found_with_every_subscription_once(caplog):
    with running_nats() as server:
        synapse = NatsSynapse(server.url, backoff=QUICK)
        states = States(synapse)
        await synapse.connect()
        inbox, grouped, order = Inbox(), Inbox(), []
        frames: list[bytes] = []
        await synapse.subscribe("s", inbox)
        await synapse.subscribe("s", grouped, queue_group="g g")
        await synapse.subscribe("s", order.append)
        await synapse.tap(">", lambda subject, frame: frames.append(frame))
        ended = await synapse.subscribe("s", Inbox())
        server.kill()
        await states.reach("connecting", "connected", "reconnecting")
        with pytest.raises(SynapseError, match=r"not connected to the NATS server at .* \(reconnecting\)"):
            await synapse.publish("s", task())
        with pytest.raises(SynapseError, match="reconnecting"):
            await synapse.subscribe("t", inbox)
        with pytest.raises(SynapseError, match="reconnecting"):
            await synapse.request("s", task())
        await ended.unsubscribe()
        assert not synapse.connected
    with running_nats(port=server.port):
        await states.reach("connecting", "connected", "reconnecting", "connected")
        await synapse.subscribe("s", later := Inbox())
        await synapse.publish("s", task(9))
        await all_delivered(synapse)
        assert [inbox.numbers, grouped.numbers, later.numbers] == [[9], [9], [9]]
        assert len(order) == 1
        assert [Signal.decode(frame) for frame in frames[:1]] == inbox.signals
        assert synapse.statistics().reconnects == 1
        await synapse.close()
    assert states.all[-1] == "closed"
    assert [each.message for each in caplog.records if each.levelname in ("ERROR", "CRITICAL")] == []


async def test_attempts_to_return_are_counted_and_the_next_one_is_told():
    waits: list[int] = []
    patient = asyncio.Event()

    class Growing(Backoff):
        def delay(self, attempt: int) -> float:
            waits.append(attempt)
            if attempt < 4:
                return 0.001
            patient.set()
            return 1_000

    with running_nats() as server:
        synapse = NatsSynapse(server.url, backoff=Growing())
        await synapse.connect()
        server.kill()
        await patient.wait()
        assert (synapse.attempt, waits) == (4, [1, 2, 3, 4])
        assert synapse.retry_in_s is not None
        assert 500 < synapse.retry_in_s <= 1_000
        await synapse.close()
        assert synapse.state == "closed"


async def test_a_frozen_server_is_noticed():
    with running_nats() as server:
        synapse = NatsSynapse(server.url, backoff=QUICK, answer_s=0.3, silence_s=0.05)
        states = States(synapse)
        await synapse.connect()
        await synapse.subscribe("s", inbox := Inbox())
        os.kill(server.process.pid, signal.SIGSTOP)
        await states.reach("connecting", "connected", "reconnecting")
        os.kill(server.process.pid, signal.SIGCONT)
        await states.reach("connecting", "connected", "reconnecting", "connected")
        await synapse.publish("s", task(4))
        await inbox.holds(1)
        await all_delivered(synapse)
        assert inbox.numbers == [4]
        await synapse.close()


async def test_a_server_that_ends_in_good_order_is_reconnected_to():
    with running_nats() as server:
        synapse = NatsSynapse(server.url, backoff=QUICK)
        states = States(synapse)
        await synapse.connect()
        server.process.terminate()
        await states.reach("connecting", "connected", "reconnecting")
        server.process.wait()
    with running_nats(port=server.port):
        await states.reach("connecting", "connected", "reconnecting", "connected")
        await synapse.close()


async def test_closing_during_an_outage_ends_the_attempts():
    with running_nats() as server:
        synapse = NatsSynapse(server.url, backoff=QUICK)
        states = States(synapse)
        await synapse.connect()
        server.kill()
        await states.reach("connecting", "connected", "reconnecting")
        await synapse.close()
        await synapse.close()
    assert states.all == ["connecting", "connected", "reconnecting", "closed"]


async def test_nobody_there_is_one_sentence_at_once(caplog):
    synapse = NatsSynapse("nats://127.0.0.1:1")
    assert (synapse.state, synapse.retry_in_s, synapse.attempt) == ("new", None, 0)
    with pytest.raises(SynapseError, match=r"not connected .* \(new\)"):
        await synapse.publish("s", task())
    with pytest.raises(SynapseError) as caught:
        await synapse.connect()
    assert str(caught.value) == "cannot reach the bus at nats://127.0.0.1:1: nothing listens there"
    assert synapse.state == "new"
    assert caplog.text == ""


async def test_what_is_no_nats_server_is_said_to_be_none():
    from cosmo_bus.testing import running_bus

    async with running_bus() as bus:
        with pytest.raises(SynapseError, match=r"cannot reach the bus at nats://.*INFO"):
            await NatsSynapse(f"nats://127.0.0.1:{bus.port}", answer_s=0.3).connect()


# -- limits


async def test_a_frame_too_large_is_refused_with_both_sizes_and_the_connection_lives(tmp_path):
    with running_nats(*config_file(tmp_path, "max_payload: 1000")) as server:
        synapse = await connect_synapse(server.url)
        states = States(synapse)
        await synapse.subscribe("s", inbox := Inbox())
        big = Signal(type=SignalType.TASK, payload={"input": "x" * 1000})
        with pytest.raises(
            SynapseError, match=r"has 1,\d\d\d bytes, the NATS server takes 1,000 \(max_payload\)"
        ):
            await synapse.publish("s", big)
        with pytest.raises(SynapseError, match="the NATS server takes 1,000"):
            await synapse.request("s", big)
        with pytest.raises(EnvelopeError):
            await synapse.publish("s", Signal(type=SignalType.TASK, payload={"input": object()}))
        with pytest.raises(SynapseError, match="no subject of NATS"):
            await synapse.publish("a b", task())
        await synapse.publish("s", task(1))
        await inbox.holds(1)
        assert (inbox.numbers, states.all) == ([1], [])
        await synapse.close()


async def test_a_flood_larger_than_any_buffer_arrives_in_order(join):
    sender, receiver = await join(), await join()
    got: list[int] = []
    everything = asyncio.Event()

    def take(signal: Signal) -> None:
        got.append(signal.payload["input"]["number"])
        if len(got) == 3_000:
            everything.set()

    await receiver.subscribe("flood", take)
    filler = "x" * 2_000
    for number in range(3_000):
        payload = {"input": {"number": number, "filler": filler}}
        await sender.publish("flood", Signal(type=SignalType.TASK, payload=payload))
    await everything.wait()
    assert got == list(range(3_000))


async def test_who_gives_up_subscribing_leaves_the_connection_whole(join):
    synapse = await join()
    for _ in range(20):
        giving_up = asyncio.create_task(synapse.subscribe("s", Inbox()))
        await asyncio.sleep(0)
        giving_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await giving_up
    await synapse.subscribe("s", inbox := Inbox())
    await synapse.publish("s", task(1))
    await inbox.holds(1)
    await all_delivered(synapse)
    assert inbox.numbers == [1]


async def test_undecodable_frames_are_counted_and_seen_by_taps(join, server, caplog):
    synapse = await join()
    frames: list[bytes] = []
    await synapse.subscribe("u", inbox := Inbox())
    await synapse.tap("u", lambda subject, frame: frames.append(frame))
    peer = await nats.connect(server.url)
    for frame in (b"rubbish", b"rubbish", b"", b"{}"):
        await peer.publish("u", frame)
    await peer.drain()
    await all_delivered(synapse)
    await synapse.publish("u", task(1))
    await inbox.holds(1)
    assert (synapse.undecodable, synapse.dropped) == (4, 0)
    assert frames[:4] == [b"rubbish", b"rubbish", b"", b"{}"]
    assert caplog.text.count("is no valid Signal") == 3


async def test_what_connections_say_to_themselves_is_nobodys_business(join):
    watching, other = await join(), await join()
    seen: list[str] = []
    await watching.tap(">", lambda subject, frame: seen.append(subject))
    await watching.subscribe(">", lambda signal: None)
    await other.subscribe("a", Inbox())
    await other.publish("a", task())
    await all_delivered(watching)
    assert seen == ["a", "the.last"]
    assert watching.undecodable == 0


async def test_who_does_not_keep_up_is_put_out_by_the_server_and_comes_back(tmp_path, caplog):
    config = 'max_pending: 100000, write_deadline: "50ms", max_payload: 100000'
    with running_nats(*config_file(tmp_path, config)) as server:
        synapse = NatsSynapse(server.url, backoff=QUICK)
        states = States(synapse)
        await synapse.connect()
        await synapse.subscribe("s", inbox := Inbox())
        # This loop, and with it the connection, stands still while another thread sends more than all buffers hold.
        flood = threading.Thread(target=asyncio.run, args=(_flood(server.url, 1_000),))
        flood.start()
        flood.join()
        await states.reach("connecting", "connected", "reconnecting", "connected")
        await synapse.publish("s", task(7))
        await all_delivered(synapse)
        assert inbox.numbers[-1] == 7
        assert len(inbox.signals) < 1_000
        assert "lost the NATS server" in caplog.text
        await synapse.close()


async def _flood(url: str, count: int) -> None:
    synapse = await connect_synapse(url)
    for number in range(count):
        payload = {"input": {"number": number, "filler": "x" * 50_000}}
        await synapse.publish("s", Signal(type=SignalType.TASK, payload=payload))
    await synapse.close()


# -- logging in


async def test_user_and_password_or_a_token_in_the_url_open_the_door(tmp_path):
    config = 'authorization { users: [{user: "ann", password: "p@ss:w"}, {user: "bob", password: "b"}] }'
    with running_nats(*config_file(tmp_path, config)) as server:
        at = f"127.0.0.1:{server.port}"
        synapse = await connect_synapse(f"nats://ann:p%40ss%3Aw@{at}")
        await synapse.subscribe("s", inbox := Inbox())
        await synapse.publish("s", task(1))
        await inbox.holds(1)
        await synapse.close()
        for url in (f"nats://{at}", f"nats://ann:wrong@{at}"):
            with pytest.raises(
                SynapseError, match=f"cannot reach the bus at nats://{at}: .*Authorization Viol"
            ):
                await connect_synapse(url)
    with running_nats("--auth", "secret") as server:
        synapse = await connect_synapse(f"nats://secret@127.0.0.1:{server.port}")
        assert synapse.connected
        assert isinstance(synapse, NatsSynapse)
        assert "secret" not in synapse.url
        await synapse.close()


async def test_a_server_that_asks_for_tls_gets_it_if_its_certificate_is_known(tmp_path, monkeypatch):
    authority = trustme.CA()
    certificate, ca = tmp_path / "server.pem", tmp_path / "ca.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(certificate)
    authority.cert_pem.write_to_path(ca)
    with running_nats("--tls", f"--tlscert={certificate}", f"--tlskey={certificate}") as server:
        with pytest.raises(SynapseError, match="certificate verify failed"):
            await connect_synapse(server.url)
        monkeypatch.setenv("SSL_CERT_FILE", str(ca))
        synapse = await connect_synapse(server.url)
        await synapse.subscribe("s", inbox := Inbox())
        await synapse.publish("s", task(1))
        await inbox.holds(1)
        assert inbox.numbers == [1]
        await synapse.close()


async def test_what_a_user_may_not_hear_is_refused_and_what_he_may_not_say_is_counted(tmp_path, caplog):
    config = """authorization { users: [{user: u, password: p, permissions: {
        publish: {deny: "secret.>"}, subscribe: {deny: "secret.>"}}}] }"""
    with running_nats(*config_file(tmp_path, config)) as server:
        synapse = NatsSynapse(f"nats://u:p@127.0.0.1:{server.port}")
        await synapse.connect()
        with pytest.raises(SynapseError, match=r"refuses: .*secret\.plans"):
            await synapse.subscribe("secret.plans", Inbox())
        await synapse.publish("secret.plans", task())
        await synapse.subscribe("s", inbox := Inbox())
        await synapse.publish("s", task(1))
        await inbox.holds(1)
        assert synapse.statistics().refusals == 2
        assert "refuses: " in caplog.text
        await synapse.close()


@pytest.mark.parametrize("what", ["publish", "subscribe"])
async def test_a_user_who_may_not_hear_himself_is_told_at_once(tmp_path, what):
    config = f'authorization {{ users: [{{user: u, password: p, permissions: {{{what}: {{deny: "_INBOX.>"}}}}}}] }}'
    with (
        running_nats(*config_file(tmp_path, config)) as server,
        pytest.raises(SynapseError, match=r"this user not publish and subscribe to _INBOX\.cosmo-echo\.>"),
    ):
        await connect_synapse(f"nats://u:p@127.0.0.1:{server.port}")


@pytest.mark.parametrize(
    ("url", "host", "port", "login"),
    [
        ("nats://h", "h", 4222, (None, None, None)),
        ("nats://[::1]:5/path", "::1", 5, (None, None, None)),
        ("nats://u:p%40@h:1", "h", 1, ("u", "p@", None)),
        ("nats://t%2Fk@h", "h", 4222, (None, None, "t/k")),
    ],
)
def test_urls(url, host, port, login):
    address = parse_nats_url(url)
    assert (address.host, address.port) == (host, port)
    assert (address.user, address.password, address.token) == login
    assert "p@" not in repr(address) + address.shown


# -- queue groups


@pytest.mark.parametrize("name", ["g", "caps:english,summarize", "größe", "a.b*>", "100%", "x" * 2_048])
def test_group_names_that_nats_can_carry_stay_as_they_are(name):
    assert group_on_nats(name) == name


def test_other_group_names_are_mapped_no_two_to_one():
    names = [
        "",
        " ",
        "a b",
        "a\tb",
        "a%20b",
        "a  b",
        "cosmo%quoted:a%20b",
        "x\r\ny",
        "x" * 2_049,
        "y" * 5_000,
        "\u2003",
    ]
    mapped = [group_on_nats(name) for name in names]
    assert len(set(mapped)) == len(names)
    assert not any(c.isspace() for name in mapped for c in name)
    assert mapped == [group_on_nats(name) for name in names]


@pytest.mark.parametrize("group", ["caps:plan trips,write", "", "x" * 10_000])
async def test_members_of_a_group_with_an_unusual_name_share(join, group):
    one, two = await join(), await join()
    first, second = Inbox(), Inbox()
    await one.subscribe("s", first, queue_group=group)
    await two.subscribe("s", second, queue_group=group)
    for number in range(20):
        await one.publish("s", task(number))
    await all_delivered(one)
    await all_delivered(two)
    assert sorted(first.numbers + second.numbers) == list(range(20))


async def test_a_member_that_leaves_a_group_takes_what_was_given_to_it(join):
    sender, leaving, staying = await join(), await join(), await join()
    left, stayed = Inbox(), Inbox()
    subscription = await leaving.subscribe("work", left, queue_group="g")
    await staying.subscribe("work", stayed, queue_group="g")
    sending = asyncio.create_task(_send(sender, 500))
    await left.holds(5)
    await subscription.unsubscribe()
    await sending
    await all_delivered(sender)
    await all_delivered(staying)
    assert sorted(left.numbers + stayed.numbers) == list(range(500))


async def _send(synapse: Synapse, count: int) -> None:
    for number in range(count):
        await synapse.publish("work", task(number))
        if number % 10 == 0:
            await asyncio.sleep(0)


# -- requests


async def test_a_request_can_be_answered_in_the_way_of_nats(join, server):
    asking = await join()
    responder = await nats.connect(server.url)

    async def answer(message) -> None:
        request = Signal.decode(message.data)
        assert request.meta["_reply_to"] == message.reply
        await message.respond(request.reply(SignalType.AGENT_OUTPUT, {"output": "native"}).encode())

    await responder.subscribe("ask.native", cb=answer)
    await responder.flush()
    for _ in range(3):
        reply = await asking.request("ask.native", task(1))
        assert reply.payload == {"output": "native"}
    await responder.close()


async def test_a_request_made_in_the_way_of_nats_is_answered_with_reply_to(join, server):
    answering = await join()

    async def answer(signal: Signal) -> None:
        await answering.reply_to(signal, signal.reply(SignalType.AGENT_OUTPUT, {"output": "ours"}))

    await answering.subscribe("ask.ours", answer)
    asking = await nats.connect(server.url)
    reply = await asking.request("ask.ours", task(2).encode(), timeout=5)
    assert Signal.decode(reply.data).payload == {"output": "ours"}
    await asking.close()


async def test_a_request_to_nobody_says_so_when_its_time_is_up(join):
    synapse = await join()
    with pytest.raises(TimeoutError, match=r"no reply on ask\.nobody within 0\.05 s: nobody is subscribed"):
        await synapse.request("ask.nobody", task(), timeout_s=0.05)


async def test_many_requests_at_once_get_their_own_replies(join):
    asking, answering = await join(), await join()

    async def answer(signal: Signal) -> None:
        number = signal.payload["input"]["number"]
        await answering.reply_to(signal, signal.reply(SignalType.AGENT_OUTPUT, {"output": number}))

    await answering.subscribe("ask.many", answer)
    replies = await asyncio.gather(*(asking.request("ask.many", task(number)) for number in range(50)))
    assert [reply.payload["output"] for reply in replies] == list(range(50))


# -- the extra


def test_without_nats_py_the_error_says_what_to_install():
    program = (
        "import sys; sys.modules['nats'] = None\n"
        "from cosmo_sdk.errors import SynapseError\n"
        "from cosmo_sdk.synapse import synapse_from_url\n"
        "synapse_from_url('cosmo://h')\n"
        "for kind in (ImportError, SynapseError):\n"
        "    try:\n"
        "        synapse_from_url('nats://h')\n"
        "    except kind as error:\n"
        "        print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "nats:// needs nats-py: pip install 'cosmo-doppler[nats]'\n" * 2


def test_without_a_nats_url_nats_py_is_not_imported():
    program = "import sys, cosmo_sdk, cosmo_sdk.synapse; print('nats' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_url_makes_a_synapse_that_is_not_connected_yet():
    synapse = synapse_from_url("nats://127.0.0.1")
    assert isinstance(synapse, NatsSynapse)
    assert (synapse.url, synapse.state) == ("nats://127.0.0.1:4222", "new")
