"""Who NATS lets in, and what they may hear and say there."""

from __future__ import annotations

import pytest
import trustme

from cosmo_sdk.errors import SynapseError
from cosmo_sdk.synapse import connect_synapse
from cosmo_sdk.synapse.nats import NatsSynapse
from tests.contracts.synapse import Inbox, task
from tests.nats_server import config_file, running_nats


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
