from __future__ import annotations

from pathlib import Path

import pytest

from cosmo_doppler.cli.looks import chosen_look
from cosmo_doppler.config import Config, as_toml, config_path, parse_config, read_config
from cosmo_doppler.errors import ConfigError
from cosmo_doppler.offers import Template

PATH = Path("doppler.toml")


def test_nothing_said_means_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COSMO_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert read_config() == Config()
    assert config_path().name == "doppler.toml"


def test_a_file_that_was_asked_for_must_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSMO_CONFIG", str(tmp_path / "mine.toml"))
    with pytest.raises(ConfigError, match=r"mine\.toml: there is no such file"):
        read_config()


def test_settings_are_read() -> None:
    config = parse_config('theme = "contrast"\nascii = true\nfps = 5\n[keys]\nzoom = "f11"\n', PATH)
    assert config == Config(theme="contrast", ascii=True, fps=5, keys={"zoom": "f11"})


def test_what_is_printed_can_be_read_again() -> None:
    config = Config(theme="light", fps=12, mouse=False, keys={"zoom": "f11", "leave": 'quotation_mark,"'})
    assert parse_config(as_toml(config), PATH) == config


def test_offers_to_begin_with_are_settings() -> None:
    text = """
        [[offer]]
        name = "a hole"
        capabilities = ["dig"]
        input = { text = "h\u00f6\\u007fle \\"deep\\"", sizes = [1, { deep = 2.5 }] }
        select = "lowest_cost"
        window_ms = 250

        [[offer]]
        name = "ask ada"
        kind = "task"
        neuron = "ada"
        input = '{"why": null}'

        [[offer]]
        name = "long"
        [offer.input]
        text = "hello"
    """
    config = parse_config(text, PATH)
    assert config.offer == [
        Template(
            name="a hole",
            capabilities=("dig",),
            input={"text": 'h\u00f6\x7fle "deep"', "sizes": [1, {"deep": 2.5}]},
            select="lowest_cost",
            window_ms=250,
        ),
        Template(name="ask ada", kind="task", neuron="ada", input={"why": None}),
        Template(name="long", input={"text": "hello"}),
    ]
    assert parse_config(as_toml(config), PATH).offer == config.offer
    assert chosen_look(config, None, ascii=False).offers == tuple(config.offer)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('window_ms = "x"', "doppler.toml:6: offer.window_ms: expected `int | null`, got `str`"),
        ("window_ms = 0", "doppler.toml:6: offer.window_ms: expected `int` >= 1"),
        (
            "colour = 1",
            "doppler.toml:6: offer.colour: there is no such setting; there are kind, capabilities",
        ),
        ("input = '{'", "doppler.toml:6: offer.input: input is not JSON at line 1, column 2"),
        ("[offer.input]\nat = 1979-05-27", "doppler.toml:4: offer: input: holds a date or a time"),
        ('kind = "task"', "doppler.toml:4: offer: a task needs a neuron, or the capabilities it takes"),
        ('capabilities = ["a,b"]', "doppler.toml:4: offer: capabilities: 'a,b' is no name"),
        ('[[offer]]\nname = "second"', "doppler.toml:7: offer.name: two are called 'second'"),
        ('[[offer]]\nkind = "offer"', "doppler.toml:6: offer: object missing required field `name`"),
    ],
)
def test_a_mistake_in_an_offer_is_named_with_its_line_and_field(text: str, complaint: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parse_config(f'fps = 5\n[[offer]]\nname = "first"\n[[offer]]\nname = "second"\n{text}\n', PATH)
    assert str(raised.value).startswith(complaint)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('mouse = true\ntheme = "pink"', "doppler.toml:2: theme: invalid enum value 'pink'"),
        ("\n\ncolour = 1", "doppler.toml:3: colour: there is no such setting; there are theme, ascii"),
        ("fps = 0", "doppler.toml:1: fps: expected `int` >= 1"),
        ("[keys]\nzoom = 7", "doppler.toml:1: keys[...]: expected `str`, got `int`"),
        ("theme = dark\n", "is no TOML: Invalid value (at line 1"),
    ],
)
def test_a_mistake_is_named_with_its_line(text: str, complaint: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parse_config(text, PATH)
    assert complaint in str(raised.value)


def test_over_ssh_it_draws_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSH_CONNECTION", raising=False)
    assert Config().frame_rate == 30
    monkeypatch.setenv("SSH_CONNECTION", "10.0.0.1 5 10.0.0.2 22")
    assert Config().frame_rate == 10
    assert Config(fps=24).frame_rate == 24
