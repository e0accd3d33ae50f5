"""What the documents promise is there: settings, the table, and every command that a reader may copy."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner
from pydantic import BaseModel

from app.settings import Settings
from app.tickets import lifecycle
from tests.house.source import ROOT

README = ROOT / "README.md"
RUNNING = ROOT / "app" / "docs" / "running.md"
OUTSIDE = {
    "cd",
    "cp",
    "curl",
    "docker",
    "export",
    "git",
    "journalctl",
    "psql",
    "sudo",
    "systemctl",
    "tar",
}  # commands of other people's


def settings_of(model: type[BaseModel], prefix: str = "HOTLINE_") -> Iterator[str]:
    """The environment variables of a settings class, nested ones with ``__``."""
    for name, field in model.model_fields.items():
        variable = prefix + name.upper()
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from settings_of(field.annotation, f"{variable}__")
        else:
            yield variable


def test_every_setting_is_documented() -> None:
    """A setting that only the code knows of does not exist for whoever runs the process."""
    documented = set(re.findall(r"HOTLINE_[A-Z0-9_]+", README.read_text(encoding="utf-8") + RUNNING.read_text(encoding="utf-8")))
    assert sorted(set(settings_of(Settings)) - documented) == []


def test_every_documented_setting_exists() -> None:
    """A setting that was renamed but stayed in the manual is set, believed in, and ignored."""
    documented = set(re.findall(r"HOTLINE_[A-Z0-9_]*[A-Z0-9]", RUNNING.read_text(encoding="utf-8")))
    known = set(settings_of(Settings))
    assert sorted(name for name in documented - known if not any(one.startswith(f"{name}__") for one in known)) == []


def test_the_readme_shows_the_table_as_it_is() -> None:
    """People will quote the README's table in disputes. Print it anew with `lifecycle.as_markdown()` and paste it."""
    assert lifecycle.as_markdown() in README.read_text(encoding="utf-8")


def commands() -> list[list[str]]:
    """The command lines in the ```sh blocks of README and manual, without prompts, comments and leading assignments."""
    found = []
    for document in (README, RUNNING):
        text = document.read_text(encoding="utf-8") if document.exists() else ""
        for block in re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
            for line in block.replace("\\\n", " ").splitlines():
                words = shlex.split(line, comments=True)
                while words and (words[0] == "$" or re.match(r"[A-Z_]+=", words[0])):
                    words = words[1:]
                if words:
                    found.append(words)
    return found


def test_the_readme_has_commands() -> None:
    """A rule over no commands at all would hold for ever."""
    assert ["make", "run"] in commands() and ["make", "test"] in commands()


def test_every_command_in_the_documents_is_real() -> None:
    """A newcomer copies the first command; if it was renamed, that is as far as they get."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    wrong = []
    for words in commands():
        program = words[0].rsplit("/", 1)[-1]
        if program == "make":
            wrong += [" ".join(words) for word in words[1:] if "=" not in word and word not in targets]
        elif program == "hotline":
            wrong += [f"{' '.join(words)}: {complaint}" for complaint in what_is_wrong(words[1:])]
        elif program not in OUTSIDE and not (ROOT / words[0]).is_file():
            wrong.append(" ".join(words))
    assert wrong == []


def what_is_wrong(words: list[str]) -> Iterator[str]:
    """Asks the command for its help, and looks there for each option used."""
    from app.cli import main

    command: click.Command = main
    path: list[str] = []
    while words and isinstance(command, click.Group):
        step = command.get_command(click.Context(command), words[0])
        if step is None:
            yield f"there is no {words[0]}"
            return
        command, path, words = step, [*path, words[0]], words[1:]
    shown = CliRunner().invoke(main, [*path, "--help"])
    if shown.exit_code != 0:
        yield f"--help exits with {shown.exit_code}"
    options = {word.split("=")[0] for word in words if word.startswith("--")}
    yield from (f"there is no {option}" for option in sorted(options) if option not in shown.output)


def test_every_command_explains_itself() -> None:
    """A command without a sentence in its help is found by those who know it already."""
    from app.cli import main

    waiting: list[tuple[str, click.Command]] = [("hotline", main)]
    silent = []
    while waiting:
        path, command = waiting.pop()
        if not command.get_short_help_str():
            silent.append(path)
        if isinstance(command, click.Group):
            waiting += [(f"{path} {name}", inner) for name, inner in command.commands.items()]
    assert silent == []


def test_the_makefile_lists_every_target() -> None:
    """`make` alone is where a newcomer begins; a target it does not list does not exist."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert phony
    assert [target for target in phony[1].split() if not re.search(rf"^{target}:.*## .+ · .+", text, re.MULTILINE)] == []


@pytest.mark.parametrize("document", [README, RUNNING], ids=lambda path: path.name)
def test_links_in_the_documents_lead_somewhere(document: object) -> None:
    """A file that moves breaks the links to it, and its readers ask people instead."""
    assert isinstance(document, type(README))
    links = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", document.read_text(encoding="utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []
