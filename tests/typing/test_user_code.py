"""The code that type checkers accept also runs."""

from __future__ import annotations

from cosmo_sdk import MemorySynapse
from tests.typing.user_code import everything


async def test_what_type_checkers_accept_runs_as_it_stands():
    synapse = MemorySynapse()
    heard = await everything(synapse)
    assert {"connect", "register", "AGENT_OUTPUT"} <= set(heard)
    await synapse.close()
