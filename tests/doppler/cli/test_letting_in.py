"""Commands and a bus that does not let everybody in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import trustme

from tests.doppler.cli.commands import bus_process, cosmo, running

TOKEN = "correct horse battery staple"


@pytest.fixture
def token(tmp_path: Path) -> Path:
    path = tmp_path / "bus.token"
    path.write_text(f"{TOKEN}\n")
    path.chmod(0o600)
    return path


def test_where_others_can_reach_it_a_bus_wants_a_token() -> None:
    refused = cosmo("synapse", "start", "--host", "0.0.0.0", "--port", "0")
    assert refused.returncode == 2
    assert "--token-file FILE" in refused.stderr


def test_with_a_token_the_bus_listens_anywhere_and_warns_that_it_can_be_overheard(
    tmp_path: Path, token: Path
) -> None:
    with bus_process(tmp_path, "--host", "0.0.0.0", "--token-file", str(token)) as (bus, url):
        listed = cosmo("synapse", "view", "--url", url, "--json", COSMO_TOKEN_FILE=str(token))
        assert json.loads(listed.stdout)["namespaces"][0]["namespace"] == "dev"
        bus.wait_for("without TLS the token and every signal can be read")
        assert TOKEN not in bus.text


def test_the_token_comes_from_an_option_or_the_environment(tmp_path: Path, token: Path) -> None:
    wrong = tmp_path / "wrong.token"
    wrong.write_text("guess\n")
    wrong.chmod(0o600)
    with bus_process(tmp_path, "--token-file", str(token)) as (bus, url):
        for command in (
            ("synapse", "view"),
            ("registry", "list"),
            ("gate", "list"),
            ("tail", "--for", "100ms"),
        ):
            without = cosmo(*command, "--url", url)
            assert without.returncode == 3, command
            assert "does not let us in: it asks for a token" in without.stderr
            assert "COSMO_TOKEN_FILE" in without.stderr
            guessed = cosmo(*command, "--url", url, "--token-file", str(wrong))
            assert guessed.returncode == 3
            assert "that is not the token of this bus" in guessed.stderr
            assert "guess" not in guessed.stderr.replace(str(wrong), "")
            assert cosmo(*command, "--url", url, "--token-file", str(token)).returncode in (0, 1), command
            assert cosmo(*command, "--url", url, COSMO_TOKEN_FILE=str(token)).returncode in (0, 1), command
        stopped = cosmo("synapse", "stop", "-n", "dev", "--url", url, "--token-file", str(token))
        assert stopped.returncode == 0
        assert bus.end() == 0
        assert TOKEN not in bus.text


@pytest.mark.parametrize(("content", "words"), [("", "is empty"), (None, "No such file")])
def test_a_token_file_that_cannot_be_used_is_named(tmp_path: Path, content: str | None, words: str) -> None:
    path = tmp_path / "token"
    if content is not None:
        path.write_text(content)
    refused = cosmo("synapse", "start", "--port", "0", "--token-file", str(path))
    assert refused.returncode == 2
    assert words in refused.stderr
    assert str(path) in refused.stderr


def test_a_bus_under_tls_is_reached_by_who_knows_its_ca(tmp_path: Path, token: Path) -> None:
    authority, certificate, ca = trustme.CA(), tmp_path / "bus.pem", tmp_path / "ca.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(certificate)
    authority.cert_pem.write_to_path(ca)
    options = ("--tls-cert", str(certificate), "--token-file", str(token))
    with bus_process(tmp_path, *options) as (bus, plain_url):
        url = plain_url.replace("cosmo://", "cosmos://")
        bus.wait_for(f"URL:        {url}")
        bus.wait_for("TCP + TLS + NDJSON")
        stranger = cosmo("synapse", "view", "--url", url, COSMO_TOKEN_FILE=str(token))
        assert stranger.returncode == 3
        assert "certificate is not trusted" in stranger.stderr
        plain = cosmo("synapse", "view", "--url", plain_url, COSMO_TOKEN_FILE=str(token))
        assert plain.returncode == 3
        assert "write cosmos:// instead of cosmo://" in plain.stderr
        given = ("--url", url, "--tls-ca", str(ca), "--token-file", str(token))
        assert cosmo("synapse", "view", *given).returncode == 0
        with running("tail", "--json", *given) as tail:
            tail.wait_for("DISCOVER")
            assert tail.interrupt() == 0
        assert bus.interrupt() == 0


def test_a_tls_client_of_a_plain_bus_is_told(url: str) -> None:
    refused = cosmo("synapse", "view", "--url", url.replace("cosmo://", "cosmos://"))
    assert refused.returncode == 3
    assert "it does not speak TLS; write cosmo:// instead of cosmos://" in refused.stderr


def test_a_key_needs_its_certificate(token: Path) -> None:
    refused = cosmo("synapse", "start", "--tls-key", str(token))
    assert refused.returncode == 2
    assert "--tls-key needs --tls-cert" in refused.stderr
    broken = cosmo("synapse", "start", "--port", "0", "--tls-cert", str(token))
    assert broken.returncode == 2
    assert "no certificate with its private key" in broken.stderr
