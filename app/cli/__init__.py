"""``hotline``: the command line. Exit 0 only on success; bad input is one sentence on stderr and exit 2."""

from __future__ import annotations

import sys
from collections.abc import Iterator, MutableMapping
from importlib import import_module

import click

from app import logs
from app.errors import HotlineError


class Sentences(click.Group):
    """Turns our errors into one plain sentence."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except HotlineError as error:
            click.echo(f"错误：{error}", err=True)
        except OSError as error:
            click.echo(f"错误：{error.filename or '文件'} 无法使用：{error.strerror or error}（请检查路径与权限）", err=True)
        except Exception as error:
            said = _of_the_database(error)
            if not said:
                raise
            click.echo(said, err=True)
        sys.exit(2)


def _of_the_database(error: Exception) -> str:
    """The sentence for what a database or its migrations complain of; empty for anything else."""
    from alembic.util import CommandError  # here, because most commands that fail, fail without a database
    from sqlalchemy.exc import DBAPIError

    if isinstance(error, DBAPIError):
        said = " ".join(str(error.orig).split())
        return f"错误：数据库无法使用：{said}（请检查 HOTLINE_DATABASE_URL 和数据库服务）"
    if isinstance(error, CommandError):
        return f"错误：数据库结构的版本不认识：{error}（请换用更新的程序，或恢复备份）"
    return ""


class Commands(MutableMapping[str, click.Command]):
    """Commands by name, each read from its module when it is asked for and not before."""

    def __init__(self, places: dict[str, str]) -> None:
        self._places, self._read = places, dict[str, click.Command]()

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._read:
            module, _, attribute = self._places[name].partition(":")
            self._read[name] = getattr(import_module(f"app.cli.{module}"), attribute)
        return self._read[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._places[name], self._read[name] = "", command

    def __delitem__(self, name: str) -> None:
        del self._places[name]
        self._read.pop(name, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


@click.group(cls=Sentences, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="hotline", prog_name="hotline")
def main() -> None:
    """公租房服务热线。设置用环境变量 HOTLINE_…，见 app/docs/running.md。"""
    logs.configure(human=True)


# Each command's module is read when the command is called: what reads spreadsheets or serves pages is not waited for by others.
main.commands = Commands(
    {
        "demo": "demo:demo",
        "serve": "serve:serve",
        "work": "serve:work",
        "migrate": "serve:migrate",
        "check": "inspect:check",
        "due": "inspect:due",
        "hot": "hot:hot",
        "deadline": "deadline:deadline",
        "calendar": "calendars:calendar",
        "simulate": "simulate:simulate",
        "classify": "understand:classify",
        "classifier": "classifier:classifier",
        "explain": "understand:explain",
        "replay": "messages:replay",
        "parked": "parked:parked",
        "user": "people:user",
        "token": "people:token",
        "sample": "samples:sample",
        "webhook": "webhook:webhook",
        "verify": "verify:verify",
    }
)
