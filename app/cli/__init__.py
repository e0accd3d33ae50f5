"""``hotline``: the command line. Exit 0 only on success; bad input is one sentence on stderr and exit 2."""

from __future__ import annotations

import sys

import click
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError

from app import logs
from app.cli import (
    calendars,
    classifier,
    deadline,
    demo,
    inspect,
    messages,
    models,
    parked,
    people,
    samples,
    serve,
    simulate,
    understand,
)
from app.cli import verify as verifying
from app.cli import webhook as webhooks
from app.errors import HotlineError


class Sentences(click.Group):
    """Turns our errors into one plain sentence."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except HotlineError as error:
            click.echo(f"错误：{error}", err=True)
        except DBAPIError as error:
            said = " ".join(str(error.orig).split())
            click.echo(f"错误：数据库无法使用：{said}（请检查 HOTLINE_DATABASE_URL 和数据库服务）", err=True)
        except CommandError as error:
            click.echo(f"错误：数据库结构的版本不认识：{error}（请换用更新的程序，或恢复备份）", err=True)
        except OSError as error:
            click.echo(f"错误：{error.filename or '文件'} 无法使用：{error.strerror or error}（请检查路径与权限）", err=True)
        sys.exit(2)


@click.group(cls=Sentences, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="hotline", prog_name="hotline")
def main() -> None:
    """公租房服务热线。设置用环境变量 HOTLINE_…，见 app/docs/running.md。"""
    logs.configure(human=True)


for one in (models.corrections_, models.replay, models.use, models.list_models):
    classifier.classifier.add_command(one)

for command in (
    demo.demo,
    serve.serve,
    serve.work,
    serve.migrate,
    inspect.check,
    inspect.due,
    deadline.deadline,
    calendars.calendar,
    simulate.simulate,
    understand.classify,
    classifier.classifier,
    understand.explain,
    messages.replay,
    parked.parked,
    people.user,
    people.token,
    samples.sample,
    webhooks.webhook,
    verifying.verify,
):
    main.add_command(command)
