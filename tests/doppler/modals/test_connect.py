"""Choosing what to look at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from textual.widgets import Button, Input

from cosmo_doppler.tui.modals.connect import ConnectChoice
from cosmo_doppler.tui.modals.flows import connect
from cosmo_doppler.tui.modals.parts import Choice


async def chosen(desk: Any, **prefilled: Any) -> tuple[Any, list[ConnectChoice | None]]:
    choices: list[ConnectChoice | None] = []

    async def flow(app: Any) -> None:
        choices.append(await connect(app, **prefilled))

    return await desk.open(flow), choices


async def test_the_prefilled_bus_is_one_key_away(desk: Any) -> None:
    _, choices = await chosen(desk, url="cosmo://127.0.0.1:7071", namespace="market")
    shown = await desk.text()
    assert "cosmo synapse start -n market" in shown
    await desk.press("ctrl+s")
    await desk.closed()
    assert choices == [ConnectChoice("bus", "cosmo://127.0.0.1:7071", "market")]


async def test_buses_that_were_watched_come_with_the_arrow_keys(desk: Any) -> None:
    here = ("cosmo://127.0.0.1:7071", "market")
    known = [here, ("cosmos://farm:7070", "prod"), ("nats://127.0.0.1:4222", "dev")]
    form, choices = await chosen(desk, url=here[0], namespace=here[1], known=known)
    assert "prod farm:7070, dev 127.0.0.1:4222" in await desk.text()
    form.query_one("#url", Input).focus()
    await desk.press("up", "up", "up")
    assert form.query_one("#url", Input).value == "nats://127.0.0.1:4222"
    await desk.press("down")
    assert form.query_one("#namespace", Input).value == "prod"
    await desk.press("ctrl+s")
    await desk.closed()
    assert choices == [ConnectChoice("bus", "cosmos://farm:7070", "prod")]


async def test_the_demo_needs_nothing_more(desk: Any) -> None:
    form, choices = await chosen(desk)
    await desk.press("right")
    assert "Run demo" in form.query_one("#send", Button).label.plain
    await desk.press("ctrl+s")
    await desk.closed()
    assert choices == [ConnectChoice("demo")]


async def test_a_recording_must_exist(desk: Any, tmp_path: Path) -> None:
    form, choices = await chosen(desk)
    form.query_one("#place", Choice).choose("recording")
    await desk.pilot.pause()
    assert "Name a recording" in await desk.text()
    path = form.query_one("#path", Input)
    path.value = str(tmp_path / "gone")
    await desk.pilot.pause()
    assert form.query_one("#send", Button).disabled
    recording = tmp_path / "seen.ndjson"
    recording.write_bytes(b"")
    path.value = str(recording)
    await desk.pilot.pause()
    await desk.press("ctrl+s")
    await desk.closed()
    assert choices == [ConnectChoice("recording", path=recording)]


async def test_an_address_that_names_no_bus_is_explained(desk: Any) -> None:
    form, choices = await chosen(desk)
    for url, namespace in (("http://x", "dev"), ("cosmo://", "dev"), ("cosmo://127.0.0.1:7070", "a.b")):
        form.query_one("#url", Input).value = url
        form.query_one("#namespace", Input).value = namespace
        await desk.pilot.pause()
        assert form.query_one("#send", Button).disabled, url
    await desk.press("escape")
    await desk.closed()
    assert choices == [None]


async def test_the_first_enter_changes_nothing(desk: Any) -> None:
    form, choices = await chosen(desk)
    await desk.press("enter")
    assert desk.app.screen is form
    assert choices == []
