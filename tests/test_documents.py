"""What the documents say is so: every room of DESIGN stands, every command of README can be typed."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from cosmo_doppler.cli.exits import Exit
from cosmo_doppler.cli.root import cosmo
from tests.doppler.cli.typed import commands_in, read

ROOT = Path(__file__).parents[1]
PACKAGES = ("cosmo_bus", "cosmo_sdk", "cosmo_doppler")
DESIGN = (ROOT / "DESIGN.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
OF_EVERY_PACKAGE = {"__init__", "__main__", "__pycache__"}


def table_of(package: str) -> list[str]:
    """The rows of a package's table in DESIGN."""
    chapter = DESIGN.split(f"### {package}\n")[1].split("\n## ")[0].split("\n### ")[0]
    return [line for line in chapter.splitlines() if line.startswith("| `")]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_room_is_named_and_every_row_has_its_room(package: str) -> None:
    rows = table_of(package)
    headed = [name for row in rows for name in re.findall("`([^`]+)`", row.split("|")[1])]
    assert [name for name in headed if not (ROOT / package / name).exists()] == []
    named = {name.split("/")[0].removesuffix(".py") for row in rows for name in re.findall("`([^`]+)`", row)}
    standing = {each.stem for each in (ROOT / package).iterdir() if each.suffix in (".py", "")}
    assert standing - named - OF_EVERY_PACKAGE == set()


def test_every_collaborator_of_the_dendrite_is_named() -> None:
    chapter = DESIGN.split("\n## 5. ")[1].split("\n## ")[0]
    named = {name.removesuffix(".py") for name in re.findall("`([^`]+)`", chapter)}
    standing = {path.stem for path in (ROOT / "cosmo_sdk" / "dendrite").glob("_*.py")}
    assert standing - named - OF_EVERY_PACKAGE == set()


def test_every_path_that_the_design_names_exists() -> None:
    paths = {name for name in re.findall("`([^`\n]+)`", DESIGN) if re.fullmatch(r"[\w/]+\.(py|md)", name)}
    files = [path for path in ROOT.glob("*/**/*.*") if path.suffix in (".py", ".md")]
    assert [name for name in sorted(paths) if not any(str(file).endswith(f"/{name}") for file in files)] == []


@pytest.mark.parametrize("document", ["README.md", "DESIGN.md", "CHANGELOG.md"])
def test_what_a_document_links_to_is_there(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    links = [each.replace("%5B", "[").replace("%5D", "]") for each in re.findall(r"\]\(([^)#]+)\)", text)]
    assert [each for each in links if "://" not in each and not (ROOT / each).exists()] == []


def test_every_command_of_the_readme_can_be_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    trace = "trc_01M7Y84VTBY6BC1KX7ZXP2WD0G"
    shown = [
        line.replace(" TRACE", f" {trace}")
        for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
        for line in commands_in(block)
    ]
    assert len(shown) > 20
    for line in shown:
        with read(line) as context:
            assert context.command_path != "cosmo"


@pytest.mark.parametrize("number", range(README.count("```python")))
def test_the_programs_of_the_readme_are_programs(number: int) -> None:
    block = re.findall(r"```python\n(.*?)```", README, re.DOTALL)[number]
    assert compile(block, "README.md", "exec")


def test_exit_codes_are_told_as_they_are() -> None:
    told = {
        "README": dict(
            re.findall(r"(\d+) ([a-z ]+)", README.split("Exit codes: ")[1].split(". `")[0].replace("\n", " "))
        ),
        "--help": dict(
            re.findall(
                r"(\d+) ([a-z ]+?)(?: {2,}|$)", (cosmo.help or "").split("Environment")[0], re.MULTILINE
            )
        ),
    }
    assert told["README"] == told["--help"]
    assert sorted(map(int, told["README"])) == sorted(Exit)


def test_every_extra_is_named_in_the_readme() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    told = README.split("Extras, as in")[1]
    assert {name for name in extras if f"`{name}`" not in told} == {"test", "lint"}
