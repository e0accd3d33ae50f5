"""``hotline classifier``: training on labelled files or on the city's own history, and measuring what came of it."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import compress
from pathlib import Path
from typing import Any

import click

from app import corrections, guarded, retraining
from app.bootstrap import build
from app.cli import classifier_words as words
from app.cli.models import corrections_, list_models, model_named, replay, use
from app.clock import stopwatch
from app.errors import BadInput
from app.labelled import Columns, Labelled, read_labelled
from routing import evaluate
from routing.classify import Model
from routing.normal import plain
from routing.place import Gazetteer
from routing.understand import SURE_LEAF

Span = tuple[datetime | None, datetime | None]
ZIP = b"PK\x03\x04"
A_FILE = click.Path(path_type=Path)
the_text = click.option("--text", default="", help="文字列；几列用逗号隔开，依次连接，如 title,body")
the_label = click.option("--label", default="", help="标签列")
the_group = click.option("--group", default="", help="同组的行（同一人、同一事、重复件）不会分到训练与检验两边")
the_folds = click.option("--folds", type=click.IntRange(2, 50), default=None, help="交叉验证的份数")
as_json = click.option("--json", "as_json", is_flag=True, help="输出 JSON")


@click.group()
def classifier() -> None:
    """分类模型：训练、评测、试判、启用。"""


# --- training -----------------------------------------------------------------------------------------------------------


@classifier.command("train")
@click.argument("files", nargs=-1, type=A_FILE)
@the_text
@the_label
@click.option("--out", required=True, type=A_FILE, help="模型写到哪个文件（.npz）")
@the_group
@the_folds
@click.option("--history", is_flag=True, help="随附例句 + 本市坐席的更正，并用交叉验证给出前后对比；FILE 可写可不写")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), default=None, help="与 --history 同用：只用这天以来的更正")
@click.option(
    "--until", type=click.DateTime(["%Y-%m-%d"]), default=None, help="与 --history 同用：只用这天以前的，留下以后的来试判"
)
@as_json
def train(
    files: tuple[Path, ...],
    text: str,
    label: str,
    out: Path,
    group: str,
    folds: int | None,
    history: bool,
    since: datetime | None,
    until: datetime | None,
    as_json: bool,
) -> None:
    """用已标注的 FILE…（CSV、JSONL 或 XLSX）训练一个分类模型。

    \b
    hotline classifier train 工单.csv --text title,body --label category --out 模型.npz
    hotline classifier train --history --out 模型.npz

    同样的输入得到同样的模型文件。加 --folds 5 先做交叉验证。
    """
    _writable(out)
    if not history and (since or until or not files):
        raise BadInput(
            "没有训练用的文件" if not files else "--since、--until 只与 --history 同用", cure="写明 FILE…，或加 --history"
        )
    data = read_labelled(files, Columns.named(text, label, group)) if files else Labelled()
    _said_empty(data)
    if history:
        _on_history(data, out, folds or 5, (since, until), as_json)
        return
    checked = _cross_validated(data, folds, SURE_LEAF) if folds else None
    learned = _learned(data.texts, data.labels)
    learned.model.save(out)
    told = {**_about(learned.model, out), **_empty(data), "n": len(data.texts), "train_seconds": round(learned.seconds, 3)}
    words.trained(told, checked, as_json)


def _on_history(data: Labelled, out: Path, folds: int, span: Span, as_json: bool) -> None:
    hotline = build()
    policy = hotline.policy
    with hotline.look() as tx:
        begins, ends = (day.replace(tzinfo=hotline.zone) if day else None for day in span)
        found = corrections.collect(tx.session, policy.taxonomy, begins, ends)
        gazetteer = Gazetteer(hotline.knowledge(tx.session).snapshot.entries)
    own = [*retraining.of_corrections(found.examples), *(retraining.of_files(data, policy) if data.texts else [])]
    if not own:
        raise BadInput("还没有坐席更正或确认过的工单", cure="积累一些再训练，或放宽 --since、--until，或写明 FILE…")
    with _bar(folds + 1, "交叉验证与训练") as told:
        before, after = retraining.check(policy, own, hotline.model, gazetteer, folds, told)
        began = stopwatch()
        model = retraining.learn(policy, own, gazetteer)
        seconds = stopwatch() - began
        told(1)
    model.save(out)
    leaking = guarded.leaking(model, policy, hotline.settings.policy)
    said = {
        **{**_about(model, out), **_empty(data), "n": len(own), "train_seconds": round(seconds, 3), "folds": folds},
        "corrections": len(found.examples),
        "changed": sum(not one.agreed for one in found.examples),
        "wordless": found.wordless,
        "unknown_leaves": found.unknown,
        "before": before.to_json(),
        "after": after.to_json(),
        "guard": [text for text, _ in leaking],
    }
    words.retrained(said, as_json)


def _writable(out: Path) -> None:
    """Refuses to write over what is no model."""
    if not out.parent.is_dir():
        raise BadInput(f"没有文件夹 {out.parent}", cure="请先建立，或换一个 --out")
    if out.is_dir():
        raise BadInput(f"{out} 是文件夹", cure="--out 写一个文件名，如 模型.npz")
    if out.exists():
        with out.open("rb") as file:
            if file.read(4) != ZIP:
                raise BadInput(f"{out} 已存在，而且不是模型文件", cure="请换一个 --out，以免覆盖")


def _about(model: Model, out: Path) -> dict[str, object]:
    return {"out": str(out), "fingerprint": model.fingerprint, "labels": list(model.labels), "bytes": out.stat().st_size}


# --- measuring ----------------------------------------------------------------------------------------------------------


@classifier.command("evaluate")
@click.argument("files", nargs=-1, type=A_FILE)
@click.option("--train", "train_on", multiple=True, type=A_FILE, help="先用这个文件训练（可写几次）")
@click.option("--test", "test_on", multiple=True, type=A_FILE, help="再用这个文件检验（可写几次）")
@the_text
@the_label
@the_folds
@the_group
@click.option("--threshold", type=click.FloatRange(0, 1), default=SURE_LEAF, show_default=True, help="低于此把握即交人工")
@click.option("--table", is_flag=True, help="输出表格而不是 JSON")
def evaluate_(
    files: tuple[Path, ...],
    train_on: tuple[Path, ...],
    test_on: tuple[Path, ...],
    text: str,
    label: str,
    folds: int | None,
    group: str,
    threshold: float,
    table: bool,
) -> None:
    """评测：准确率、宏平均 F1、各类指标、混淆表、不同把握下的自动率与准确率。输出 JSON。

    \b
    hotline classifier evaluate MODEL FILE… --text body --label category
    hotline classifier evaluate --train A.csv --test B.csv --text body --label category
    hotline classifier evaluate FILE… --folds 5 --group 重复组 --text body --label category

    MODEL 是模型文件、已存模型的指纹，或 present（在用的）、shipped（随附的）。
    """
    columns = Columns.named(text, label, group)
    if train_on or test_on:
        if not (train_on and test_on) or files or folds:
            raise BadInput(
                "--train 与 --test 须同时写，且不与其他文件、--folds 并用", cure="见 hotline classifier evaluate --help"
            )
        report = _trained_and_tested(read_labelled(train_on, columns), read_labelled(test_on, columns), threshold)
    elif folds:
        if not files:
            raise BadInput("没有评测用的文件", cure="写明 FILE…")
        data = read_labelled(files, columns)
        report = {**_cross_validated(data, folds, threshold), **_empty(data)}
    else:
        if len(files) < 2:
            raise BadInput("须写明模型和至少一个文件", cure="hotline classifier evaluate MODEL FILE…，或用 --train、--folds")
        model = model_named(str(files[0]))
        data = read_labelled(files[1:], columns)
        judged, each = _judged(model, data)
        report = {**_report(judged, threshold, model), "train_seconds": None, **_each(each), **_empty(data)}
    click.echo(words.table(report) if table else json.dumps(report, ensure_ascii=False, indent=2))


def _trained_and_tested(train_data: Labelled, test_data: Labelled, threshold: float) -> dict[str, Any]:
    learned = _learned(train_data.texts, train_data.labels)
    judged, each = _judged(learned.model, test_data)
    seconds = {"train_n": len(train_data.texts), "train_seconds": round(learned.seconds, 3)}
    shared = len({*train_data.groups} & {*test_data.groups})
    return {**_report(judged, threshold, learned.model), **seconds, **_each(each), "shared_groups": shared, **_empty(test_data)}


def _cross_validated(data: Labelled, k: int, threshold: float) -> dict[str, Any]:
    _enough(data)
    try:
        of = evaluate.folds(data.labels, data.groups, k)
    except ValueError:
        raise BadInput(f"只有 {len(set(data.groups))} 组，分不成 {k} 份", cure="减少 --folds") from None
    judged: list[evaluate.Judged] = []
    seconds, each, by_fold = 0.0, 0.0, []
    with _bar(k, "交叉验证") as told:
        for fold in range(k):
            learned = _learned(*_those(data, [at != fold for at in of]))
            held = Labelled(*_those(data, [at == fold for at in of]))
            found, took = _judged(learned.model, held, quiet=True)
            judged += found
            seconds, each = seconds + learned.seconds, each + took * len(found)
            pairs = [one.pair for one in found]
            by_fold.append(
                {"n": len(found), "accuracy": round(evaluate.accuracy(pairs), 4), "macro_f1": round(evaluate.macro_f1(pairs), 4)}
            )
            told(1)
    report = evaluate.report(judged, threshold)
    return {
        **report,
        "folds": by_fold,
        "groups": len(set(data.groups)),
        "train_seconds": round(seconds, 3),
        **_each(each / len(judged)),
    }


def _those(data: Labelled, wanted: Sequence[bool]) -> tuple[list[str], list[str]]:
    return list(compress(data.texts, wanted)), list(compress(data.labels, wanted))


def _report(judged: Sequence[evaluate.Judged], threshold: float, model: Model) -> dict[str, Any]:
    unknown = sorted({one.truth for one in judged} - set(model.labels))
    return {**evaluate.report(judged, threshold), "model": model.fingerprint, "labels_unknown_to_model": unknown}


def _each(seconds: float) -> dict[str, float]:
    return {"microseconds_per_text": round(seconds * 1e6, 1)}


def _empty(data: Labelled) -> dict[str, int]:
    return {"empty_texts": data.empty_texts, "empty_labels": data.empty_labels}


def _said_empty(data: Labelled) -> None:
    if data.empty_texts or data.empty_labels:
        click.echo(f"跳过没有文字的 {data.empty_texts} 行、没有标签的 {data.empty_labels} 行", err=True)


def _enough(data: Labelled) -> None:
    kinds = len(set(data.labels))
    if kinds < 2:
        raise BadInput(f"有 {len(data.texts)} 行可用，标签只有 {kinds} 种", cure="至少要有两种标签；请核对 --text 和 --label")


# --- what takes long ----------------------------------------------------------------------------------------------------


@contextmanager
def _bar(length: int, label: str) -> Iterator[Callable[[int], None]]:
    with click.progressbar(length=length, label=label, file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        yield bar.update


@dataclass(frozen=True, slots=True)
class _Learned:
    model: Model
    seconds: float


def _learned(texts: Sequence[str], labels: Sequence[str]) -> _Learned:
    from routing.training import fit  # here, because scikit-learn takes a second to load and few commands train

    _enough(Labelled(list(texts), list(labels)))
    if sys.stderr.isatty():
        click.echo(f"训练：{len(texts)} 条，{len(set(labels))} 类……", err=True)
    began = stopwatch()
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The number of unique classes")  # few texts of many labels are what was given
            model = fit([plain(text) for text in texts], labels)
    except ValueError as wrong:  # of the vectoriser: no word stands in the texts
        raise BadInput(f"这些文字无法训练：{wrong}", cure="请核对 --text 是否写对了列") from wrong
    return _Learned(model, stopwatch() - began)


def _judged(model: Model, data: Labelled, *, quiet: bool = False) -> tuple[list[evaluate.Judged], float]:
    """The answers and the seconds that one took; what is read of each text is the same as the hotline reads of it."""
    if not data.texts:
        raise BadInput("没有可用来检验的行", cure="请核对文件、--text 和 --label")
    model.words.initialize()
    began = stopwatch()
    with click.progressbar(length=len(data.texts), label="评测", file=sys.stderr, hidden=quiet or not sys.stderr.isatty()) as bar:
        judged = []
        for text, label in zip(data.texts, data.labels, strict=True):
            judged.append(evaluate.Judged(label, *model.top(plain(text))))
            bar.update(1)
    return judged, (stopwatch() - began) / len(judged)


for one in (corrections_, replay, use, list_models):
    classifier.add_command(one)
