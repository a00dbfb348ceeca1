"""What every test of Doppler shares."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="session")
def _pilots_wait_until_it_is_quiet() -> Iterator[None]:
    from tests import quiet

    with pytest.MonkeyPatch.context() as patch:
        quiet.install(patch)
        yield
