"""URLs of NATS, and the extra they need."""

from __future__ import annotations

import subprocess
import sys

import pytest

from cosmo_sdk.synapse import synapse_from_url
from cosmo_sdk.synapse._nats_names import parse_nats_url
from cosmo_sdk.synapse.nats import NatsSynapse


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
