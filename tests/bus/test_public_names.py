"""What `import cosmo_bus` offers."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version

import pytest

import cosmo_bus


def test_every_public_name_is_there():
    for name in cosmo_bus.__all__:
        assert getattr(cosmo_bus, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
        _ = cosmo_bus.Nonsense


def test_the_version_is_the_distributions():
    assert cosmo_bus.__version__ == version("cosmo-doppler")


def test_importing_it_opens_no_sockets_machinery():
    code = "import sys, cosmo_bus.subjects; print('asyncio' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
