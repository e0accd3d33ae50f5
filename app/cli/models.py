"""``hotline classifier list``, ``use``, ``corrections``, ``replay``: the model in force, and what another would change."""

from __future__ import annotations

import csv
import json
import sys
from datetime import datetime, timedelta
from pathlib import Path

import click

from app import corrections, guarded, learned, trial
from app.bootstrap import build
from app.cli import classifier_words as words
from app.cli.calendars import as_json, by_whom, hotline_in_time, who
from app.errors import BadInput
from app.hotline import Hotline
from app.policy import Policy, load_policy
from app.settings import Settings, load_settings
from app.shipped import model_for
from app.store import corrections as store
from app.store import schema
from app.store.db import Database
from routing.classify import Model

SHIPPED, PRESENT = "shipped", "present"
DAYS = 30  # what replay looks back on by itself
COLUMNS = ("number", "text", "leaf", "how", "by", "at", "guess", "confidence", "model", "group")
a_day = click.DateTime(["%Y-%m-%d"])


def model_named(named: str) -> Model:
    """A model by its file, its fingerprint, ``shipped`` or ``present``. Raises BadInput when there is no such thing."""
    settings = load_settings()
    if named == SHIPPED:
        return model_for(load_policy(settings.policy), settings.data_dir)
    if named == PRESENT:
        return present_model(load_policy(settings.policy), settings)
    return learned.load(_file_of(named, settings))


def present_model(policy: Policy, settings: Settings) -> Model:
    """The model that judges here now; the shipped one where there is no database."""
    if settings.database_url or (settings.data_dir / "hotline.db").exists():
        db = Database(settings.url)
        if schema.is_current(db):
            with db.read() as session:
                used = learned.in_force(session)
            if used is not None:
                return learned.load_kept(settings.data_dir, used, policy.taxonomy)
    return model_for(policy, settings.data_dir)


def _file_of(named: str, settings: Settings) -> Path:
    if Path(named).is_file():
        return Path(named)
    kept = learned.kept_as(settings.data_dir, named)
    if kept is None:
        raise BadInput(f"没有模型“{named}”", cure="写模型文件的路径，或 hotline classifier list 列出的指纹")
    return kept


@click.command("use")
@click.argument("model")
@by_whom
def use(model: str, by: str) -> None:
    """启用一个模型：MODEL 是文件、已存模型的指纹，或 shipped（回到随附的）。

    启用前逐句核对守门例句（guard.toml）：有一句会自动派给承接主体，即拒绝，没有强制启用的办法。
    模型存进数据目录的 models；在运行的进程在下一件来件时自行换用，不必重启。
    """
    hotline = build()
    fingerprint = digest = ""
    if model != SHIPPED:
        file = _file_of(model, hotline.settings)
        candidate = learned.load(file)
        learned.check_labels(candidate, hotline.policy.taxonomy)
        _guarded(candidate, hotline)
        fingerprint, digest = candidate.fingerprint, learned.keep(hotline.settings.data_dir, candidate, file)
    with hotline.tx() as tx:
        used = learned.in_force(tx.session)
        if (used.fingerprint if used else "") == fingerprint and (used is None or used.digest == digest):
            click.echo(f"已经在用：{fingerprint or '随附的模型'}")
            return
        learned.put_in_force(tx.session, fingerprint, digest, who(by), tx.wall)
    click.echo(
        f"已启用{f' {fingerprint}' if fingerprint else '随附的模型'}；原来是{f' {used.fingerprint}' if used else '随附的模型'}"
    )
    click.echo("在运行的进程会在下一件来件时换用，不必重启；多台主机须先把 models 文件夹同步到每一台")


def _guarded(candidate: Model, hotline: Hotline) -> None:
    leaking = guarded.leaking(candidate, hotline.policy, hotline.settings.policy)
    if leaking:
        text, verdict = leaking[0]
        leaf = hotline.policy.taxonomy.leaves[verdict.leaf]
        said = f"守门例句有 {len(leaking)} 句会自动派给承接主体，例如“{text}”判为 {leaf.code}{leaf.name}"
        raise BadInput(said, cure="补充 G、R 类样本后重新训练；确属本市口径不同的，在政策目录自备 guard.toml")


@click.command("list")
@as_json
def list_models(as_json: bool) -> None:
    """列出存着的模型、在用的是哪一个，以及历次启用。"""
    hotline = build()
    with hotline.look() as tx:
        used, history = learned.in_force(tx.session), learned.history(tx.session)
        acting = hotline.knowledge(tx.session).understander.model.fingerprint
    kept = [words.Kept.of(path, used, hotline) for path in learned.kept(hotline.settings.data_dir)]
    words.models(hotline, kept, history, used.fingerprint if used else "", acting, as_json)


@click.command("corrections")
@click.option("--since", type=a_day, default=None, help="只列这天以来更正或确认的")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="写到哪个 CSV 文件")
@as_json
def corrections_(since: datetime | None, out: Path, as_json: bool) -> None:
    """导出坐席改过类别、或核定后派出的工单，作为已标注的样本。

    姓名、电话、证件号、房号已打码；封存的和要求保密的工单不写入文件，只在本库内用于训练。
    文件可以直接用来训练：hotline classifier train FILE --text text --label leaf --group group。
    """
    if out.exists():
        raise BadInput(f"{out} 已存在", cure="请换一个 --out，以免覆盖")
    hotline = build()
    with hotline.look() as tx:
        found = corrections.collect(tx.session, hotline.policy.taxonomy, since.replace(tzinfo=hotline.zone) if since else None)
    rows = corrections.rows(found.examples)
    with out.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    told = {
        "out": str(out),
        "written": len(rows),
        "changed": sum(row["guess"] != row["leaf"] for row in rows),
        "kept_back": len(found.examples) - len(rows),
        "wordless": found.wordless,
        "unknown_leaves": found.unknown,
    }
    words.exported(told, as_json)


@click.command("replay")
@click.argument("model")
@click.option("--since", type=a_day, default=None, help=f"从哪天受理的工单起；不写则为最近 {DAYS} 天")
@as_json
def replay(model: str, since: datetime | None, as_json: bool) -> None:
    """试判：用另一个模型重判近期的工单，列出会有什么不同。什么都不改变。

    MODEL 是模型文件、已存模型的指纹、shipped，或一个政策目录（改过例句或类别表的）。
    最先列出会新派给承接主体的；新旧模型都按今天的台账和程序重判，因此差别只来自模型。
    """
    hotline = hotline_in_time()
    policy, candidate = _candidate(model, hotline)
    begins = since.replace(tzinfo=hotline.zone) if since else hotline.clock.now() - timedelta(days=DAYS)
    with hotline.look() as tx:
        many = store.how_many(tx.session, begins)
    with click.progressbar(length=many, label="试判", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        found = trial.run(hotline, policy, candidate, begins, bar.update)
    if as_json:
        told = {"model": candidate.fingerprint, "since": begins.isoformat(), **trial.to_json(found)}
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        words.trial(found, hotline.policy, policy)


def _candidate(named: str, hotline: Hotline) -> tuple[Policy, Model]:
    if Path(named).is_dir():
        from routing.training import train  # here, because scikit-learn takes a second to load and few commands train

        policy = load_policy(Path(named))
        return policy, train(policy.phrases, policy.taxonomy, policy.alarms)
    candidate = hotline.model if named == SHIPPED else learned.load(_file_of(named, hotline.settings))
    learned.check_labels(candidate, hotline.policy.taxonomy)
    return hotline.policy, candidate
