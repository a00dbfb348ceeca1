"""Time on the screen: stepping, speed, pausing, following."""

from __future__ import annotations

from cosmo_doppler.session import Session
from tests.doppler.tui.market import OFFER1, OFFER2, TRACES
from tests.doppler.tui.showing import Shown


async def test_steps_move_the_playhead(market_session: Session, shown: Shown) -> None:
    timeline = market_session.timeline
    async with shown(market_session) as screen:
        await screen.press("circumflex_accent")
        assert timeline.position == 0
        assert "No trace yet" in screen.text
        await screen.press("]", "]", "]", "]")
        assert timeline.position == 4
        assert screen.scene.board.trace_order == [TRACES[0]]
        await screen.press("[")
        assert timeline.position == 3
        await screen.press("L")
        assert timeline.position == timeline.length == 13


async def test_rounds_move_the_playhead_from_offer_to_offer(market_session: Session, shown: Shown) -> None:
    async with shown(market_session, view="auctions") as screen:
        await screen.press("circumflex_accent", "}")
        assert (market_session.timeline.position, screen.scene.offer_id) == (4, OFFER1)
        await screen.press("}")
        assert (market_session.timeline.position, screen.scene.offer_id) == (12, OFFER2)
        await screen.press("}")
        assert "No later auction" in screen.text
        await screen.press("{")
        assert (market_session.timeline.position, screen.scene.offer_id) == (4, OFFER1)


async def test_rounds_move_from_trace_to_trace(market_session: Session, shown: Shown) -> None:
    async with shown(market_session) as screen:
        await screen.press("circumflex_accent")
        for trace in TRACES:
            await screen.press("}")
            assert screen.scene.trace_id == trace
        await screen.press("{")
        assert screen.scene.trace_id == TRACES[1]


async def test_speed_and_pause(market_session: Session, shown: Shown) -> None:
    timeline = market_session.timeline
    async with shown(market_session) as screen:
        await screen.press("circumflex_accent", ">")
        assert timeline.speed == 2
        await screen.press("<", "<")
        assert timeline.speed == 0.5
        await screen.press("space")
        assert timeline.playing
        assert "REPLAY" in screen.lines[0]
        await screen.press("space")
        assert not timeline.playing
        assert "PAUSED" in screen.lines[0]


async def test_follow_is_a_key_and_shown(market_session: Session, shown: Shown) -> None:
    async with shown(market_session) as screen:
        assert "following" in screen.text
        await screen.press("f")
        assert "following" not in screen.text


async def test_pausing_a_live_session_shows_how_far_behind_it_is(
    silent_session: Session, shown: Shown
) -> None:
    frame = b'{"v":"1","id":"evt_%d","trace_id":"trc_B","type":"TASK","payload":{"input":{}},"ts":"2026-01-01T00:00:00Z"}'
    async with shown(silent_session) as screen:
        silent_session.ingest("cosmonapse.dev.TASK", frame % 1)
        await screen.settle()
        await screen.press("space")
        silent_session.ingest("cosmonapse.dev.TASK", frame % 2)
        await screen.settle()
        assert "PAUSED" in screen.lines[0]
        assert "1 of 2" in screen.text
        await screen.press("L")
        assert "LIVE" in screen.lines[0]
        assert silent_session.timeline.position == 2


async def test_the_footer_of_a_recording_offers_time_and_not_what_needs_a_bus(
    market_session: Session, shown: Shown
) -> None:
    async with shown(market_session) as screen:
        footer = screen.lines[-1]
        assert "space pause" in footer
        assert "] step" in footer
        assert "< > speed" in footer
        assert "offer" not in footer
