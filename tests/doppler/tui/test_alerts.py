"""Alerts: told once in a while, of what arrives and of nothing else."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from cosmo_doppler.cli.looks import chosen_look
from cosmo_doppler.config import Alert, as_toml, parse_config, read_config
from cosmo_doppler.errors import ConfigError
from cosmo_doppler.query import compile_filter
from cosmo_doppler.session import Session
from cosmo_doppler.tui.alerts import RING_EVERY_S, AlertRule, Alerts
from cosmo_doppler.tui.look import Look
from tests.doppler.tui.market import signal
from tests.doppler.tui.showing import Shown


def _say(session: Session, *names: str, type: str = "ERROR", who: str = "payments-1") -> None:
    for name in names:
        frame = signal(type, name, f"T{name}", who=who, payload={"code": "X", "message": f"no {name}"})
        session.ingest(f"cosmonapse.dev.{type}", json.dumps(frame).encode())


def _rule(*deeds: Any, when: str = "type:ERROR who:payments-*") -> AlertRule:
    return AlertRule(compile_filter(when), deeds)


def test_an_alert_rings_once_and_then_says_how_often_it_would_have(silent_session: Session) -> None:
    now = [0.0]
    _say(silent_session, "before")
    alerts = Alerts(silent_session, [_rule("bell")], clock=lambda: now[0])
    assert alerts.turn() == []
    _say(silent_session, "a")
    _say(silent_session, "other", who="kettle")
    assert [(ring.seq, ring.times) for ring in alerts.turn()] == [(1, 1)]
    _say(silent_session, "b", "c", "d")
    now[0] = RING_EVERY_S / 2
    assert alerts.turn() == []
    now[0] = RING_EVERY_S
    assert [(ring.seq, ring.times) for ring in alerts.turn()] == [(3, 3)]
    now[0] = 10 * RING_EVERY_S
    assert alerts.turn() == []


def test_a_flood_is_tested_in_slices_and_none_of_it_is_missed(silent_session: Session) -> None:
    now = [0.0]
    alerts = Alerts(silent_session, [_rule(), _rule(when="type:BID")], clock=lambda: now[0])
    _say(silent_session, *(f"N{number}" for number in range(2_000)))
    counted = 0
    for _ in range(2_000):
        now[0] += RING_EVERY_S
        counted += sum(ring.times for ring in alerts.turn())
    assert counted == 2_000


def test_a_recording_alerts_nobody(market_session: Session) -> None:
    alerts = Alerts(market_session, [_rule(when="type:ERROR")])
    assert alerts.turn() == []


async def test_an_alert_rings_says_and_marks_also_while_the_view_is_paused(
    silent_session: Session, shown: Shown
) -> None:
    look = Look(alerts=(_rule("bell", "notify", "mark"),))
    _say(silent_session, "before")
    async with shown(silent_session, look=look) as screen:
        rung: list[bool] = []
        screen.app.bell = lambda: rung.append(True)
        await screen.press("space")
        _say(silent_session, "a", "b")
        await screen.settle()
        assert rung == [True]
        assert "Alert: type:ERROR who:payments-*: ERROR payments-1" in screen.lines[-1]
        assert "and 1 more" in screen.lines[-1]
        assert [(mark.seq, mark.note) for mark in silent_session.marks] == [
            (1, "alert: type:ERROR who:payments-*")
        ]


async def test_a_command_runs_only_when_it_was_named_on_the_command_line(
    silent_session: Session, shown: Shown, tmp_path: Path
) -> None:
    async with shown(silent_session, look=Look(alerts=(_rule("exec"),)), size=(160, 40)) as screen:
        _say(silent_session, "a")
        await screen.settle()
        assert "exec runs only what --alert-exec names" in screen.lines[-1]
    out = tmp_path / "signal.json"
    script = f"import sys; open({str(out)!r}, 'wb').write(sys.stdin.buffer.read())"
    program = tmp_path / "program.py"
    program.write_text(script)
    look = Look(alerts=(_rule("exec"),), alert_command=f"{sys.executable} {program}")
    async with shown(silent_session, look=look) as screen:
        _say(silent_session, "b")
        await screen.settle()
        await screen.app.workers.wait_for_complete()
    assert json.loads(out.read_bytes())["payload"]["message"] == "no b"


@pytest.mark.parametrize(
    ("command", "complaint"),
    [("/nowhere/at-all", "No such file"), ("false", "ended with 1"), ("'", "quotation")],
)
async def test_a_command_that_fails_is_said(
    silent_session: Session, shown: Shown, command: str, complaint: str
) -> None:
    look = Look(alerts=(_rule("exec"),), alert_command=command)
    async with shown(silent_session, look=look, size=(160, 40)) as screen:
        _say(silent_session, "a")
        await screen.settle()
        await screen.app.workers.wait_for_complete()
        await screen.settle()
        assert complaint in screen.lines[-1]


def test_alerts_are_settings() -> None:
    text = 'fps = 30\n[[alert]]\nwhen = "type:ERROR"\ndo = ["bell", "mark"]\n[[alert]]\nwhen = "late:true"\n'
    config = parse_config(text, Path("doppler.toml"))
    assert config.alert == [Alert("type:ERROR", ("bell", "mark")), Alert("late:true", ("notify",))]
    assert parse_config(as_toml(config), Path("doppler.toml")) == config
    rules = chosen_look(config, None, ascii=False).alerts
    assert [rule.wanted.text for rule in rules] == ["type:ERROR", "late:true"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('[[alert]]\nwhen = "tpye:ERROR"', r"doppler.toml:3: alert.when: 'tpye:ERROR': .*type"),
        ('[[alert]]\nwhen = "type:ERROR"\ndo = ["sing"]', "doppler.toml:4: alert.*sing"),
        ("[[alert]]\ndo = []", "doppler.toml:2: alert.*when"),
    ],
)
def test_a_mistake_in_an_alert_is_named_with_its_line(
    text: str, complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "doppler.toml"
    path.write_text(f"mouse = true\n{text}\n")
    monkeypatch.setenv("COSMO_CONFIG", str(path))
    with pytest.raises(ConfigError, match=complaint):
        chosen_look(read_config(), None, ascii=False)
