"""What the ``hotline classifier`` commands print: for programs as JSON, for people in tables and sentences, the worst first."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from app import learned
from app.errors import BadInput
from app.hotline import Hotline
from app.policy import Policy
from app.register.model import ModelUse
from app.register.table import aligned
from app.trial import CONTRACTOR, DESK, PURCHASER, Moved, Trial

LISTED = 20
CONFUSED = 12
WITH = {DESK: "坐席", CONTRACTOR: "承接主体", PURCHASER: "主管部门"}


def _json(told: object) -> None:
    click.echo(json.dumps(told, ensure_ascii=False, indent=2))


def _percent(share: float | None) -> str:
    return "—" if share is None else f"{share:.1%}"


# --- training and measuring ---------------------------------------------------------------------------------------------


def trained(told: Mapping[str, Any], checked: Mapping[str, Any] | None, as_json: bool) -> None:
    if as_json:
        _json({**told, **({"check": checked} if checked else {})})
        return
    skipped = f"（跳过无文字 {told['empty_texts']} 行、无标签 {told['empty_labels']} 行）"
    click.echo(f"训练 {told['n']} 条，{len(told['labels'])} 类，{told['train_seconds']:.1f} 秒{skipped}")
    if checked:
        click.echo(table(checked))
    click.echo(f"模型 {told['fingerprint']} 已写入 {told['out']}（{told['bytes'] / 1e6:.1f} MB）")


def retrained(told: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        _json(told)
    else:
        before, after = told["before"], told["after"]
        click.echo(
            f"随附例句之外的样本 {told['n']} 条，其中坐席更正或确认 {told['corrections']} 条（{told['changed']} 条改了类别）"
        )
        if told["wordless"] or told["unknown_leaves"]:
            click.echo(f"未用：没有文字的 {told['wordless']} 件，类别已不存在的 {told['unknown_leaves']} 件")
        heads = (f"{told['folds']} 份交叉验证，{before['n']} 条", "只用随附例句", "加上本市样本")
        rows = [
            ("类别准确率", _percent(before["accuracy"]), _percent(after["accuracy"])),
            ("宏平均 F1", f"{before['macro_f1']:.3f}", f"{after['macro_f1']:.3f}"),
            ("不经坐席的比例", _percent(before["unasked"]), _percent(after["unasked"])),
            ("其中准确率", _percent(before["unasked_accuracy"]), _percent(after["unasked_accuracy"])),
            ("G、R 类漏给承接主体", f"{before['leaked']} 件", f"{after['leaked']} 件"),
        ]
        click.echo("\n".join(aligned(heads, rows)))
        click.echo("同一人、同一事的工单不分到两边；样本多是原先拿不准或判错的，比全部来件难，两列只宜互相比较")
        click.echo(
            f"模型 {told['fingerprint']} 已写入 {told['out']}（{told['bytes'] / 1e6:.1f} MB，{told['train_seconds']:.1f} 秒）"
        )
    if told["guard"]:
        warning = f"警告：守门例句有 {len(told['guard'])} 句会自动派给承接主体，这个模型不能启用；例如“{told['guard'][0]}”"
        click.secho(warning, fg="red", err=True)
    elif not as_json:
        click.echo(f"守门例句全部守住。启用前请先试判：hotline classifier replay {told['out']}")


def table(report: Mapping[str, Any]) -> str:
    """A report of ``evaluate`` for people."""
    at = report["coverage"]
    lines = [
        f"共 {report['n']} 条：准确率 {_percent(report['accuracy'])}，宏平均 F1 {report['macro_f1']:.3f}",
        f"校准误差（所称把握与实际之差）{report['calibration_error']:.3f}",
        f"把握不低于 {at['threshold']:.2f} 的占 {_percent(at['coverage'])}，其中准确率 {_percent(at['accuracy'])}",
        _took(report),
        "",
    ]
    if report.get("labels_unknown_to_model"):
        lines[:0] = [f"警告：模型不认识这些标签：{'、'.join(report['labels_unknown_to_model'][:8])}"]
    rows = [
        (name, str(one["support"]), f"{one['precision']:.3f}", f"{one['recall']:.3f}", f"{one['f1']:.3f}")
        for name, one in sorted(report["per_class"].items(), key=lambda item: (-item[1]["support"], item[0]))
    ]
    lines += aligned(("类别", "条数", "精确率", "召回率", "F1"), rows)
    lines += ["", *aligned(("把握不低于", "自动率", "准确率"), [_point(one) for one in report["curve"]])]
    wrong = [(n, truth, said) for truth, row in report["confusion"].items() for said, n in row.items() if truth != said]
    worst = sorted(wrong, key=lambda one: (-one[0], one[1:]))[:CONFUSED]
    if worst:
        lines += ["", *aligned(("应为", "判为", "条数"), [(truth, said, str(n)) for n, truth, said in worst])]
    return "\n".join(lines)


def _took(report: Mapping[str, Any]) -> str:
    trained = f"训练 {report['train_seconds']:.1f} 秒，" if report.get("train_seconds") is not None else ""
    return f"{trained}每条 {report['microseconds_per_text']:.0f} 微秒"


def _point(one: Mapping[str, Any]) -> tuple[str, str, str]:
    return f"{one['threshold']:.2f}", _percent(one["coverage"]), _percent(one["accuracy"])


# --- corrections and the trial ------------------------------------------------------------------------------------------


def exported(told: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        _json(told)
        return
    click.echo(f"导出 {told['written']} 条到 {told['out']}，其中 {told['changed']} 条改了类别")
    click.echo(
        f"未写入文件：封存或要求保密的 {told['kept_back']} 件；无文字 {told['wordless']} 件，类别已撤 {told['unknown_leaves']} 件"
    )
    click.echo("姓名、电话、证件号、房号已打码，但熟悉情况的人仍可能认出诉求人，请勿外传")


def trial(found: Trial, before: Policy, after: Policy) -> None:
    def leaf(code: str) -> str:
        known = after.taxonomy.leaves.get(code) or before.taxonomy.leaves.get(code)
        return f"{code} {known.name}" if known else code

    reaching = found.to_contractor
    if reaching:
        said = f"警告：{len(reaching)} 件会新派给承接主体，其中 {len(found.wrongly)} 件坐席核定为政府保留或涉承接主体"
        click.secho(f"{said}，{len(found.rightly)} 件与坐席核定的类别相符", fg="red", bold=True)
        order = sorted(reaching, key=lambda one: one.decided[:1] not in ("G", "R"))
        click.echo("\n".join(_listed(order, leaf)) + "\n")
    else:
        click.echo("没有工单会新派给承接主体")
    click.echo(f"重判 {found.n} 件，{len(found.moved)} 件会有不同（另有 {found.wordless} 件没有文字，未判）")
    rows = [
        ("新增：不经坐席即派出", str(len(found.unasked))),
        ("新增：留给坐席核定", str(len(found.held_back))),
        ("新增：封存（承接主体不可见）", str(len(found.sealed))),
        ("不再封存", str(len(found.unsealed))),
    ]
    click.echo("\n".join(aligned(("变化", "件数"), rows)))
    if found.leaves:
        click.echo(
            "\n" + "\n".join(aligned(("原判", "改判", "件数"), [(leaf(a), leaf(b), str(n)) for a, b, n in found.leaves[:LISTED]]))
        )
        if len(found.leaves) > LISTED:
            click.echo(f"另有 {len(found.leaves) - LISTED} 种变化，见 --json")
    if found.settled:
        old, new = found.agreed_before / found.settled, found.agreed_after / found.settled
        click.echo(f"\n坐席核定过类别的 {found.settled} 件：现在的模型相符 {old:.1%}，这个模型相符 {new:.1%}")
        click.echo(
            "（这个模型若学过这些工单，此数偏高；要如实比较，请用 train --history --until 某日，再 replay --since 同一天）"
        )
    click.echo("什么都没有改变；满意后用 hotline classifier use 启用")


def _listed(some: Sequence[Moved], leaf: Any) -> list[str]:
    cells = [
        (one.number, WITH[one.before.to], leaf(one.before.leaf), leaf(one.after.leaf), leaf(one.decided) if one.decided else "—")
        for one in some[:LISTED]
    ]
    lines = aligned(("工单", "原在", "原判", "改判", "坐席核定"), cells)
    return [*lines, f"另有 {len(some) - LISTED} 件，见 --json"] if len(some) > LISTED else lines


# --- the models ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kept:
    """A model in the data folder. ``note``: why it cannot be put in force, or what it cannot say."""

    fingerprint: str
    size: int
    labels: int
    in_force: bool
    shipped: bool
    note: str

    @classmethod
    def of(cls, path: Path, used: ModelUse | None, hotline: Hotline) -> Kept:
        name, size, shipped = path.stem, path.stat().st_size, path.stem == hotline.model.fingerprint
        live = used.fingerprint == name if used else shipped
        try:
            model = learned.load(path)
            note = "" if model.fingerprint == name else f"文件名与模型的指纹 {model.fingerprint} 不符"
        except BadInput as wrong:
            return cls(name, size, 0, live, shipped, wrong.message)
        try:
            learned.check_labels(model, hotline.policy.taxonomy)
        except BadInput as wrong:
            note = wrong.message
        return cls(name, size, len(model.labels), live, shipped, note)


def models(hotline: Hotline, kept: Sequence[Kept], history: Sequence[ModelUse], wanted: str, acting: str, as_json: bool) -> None:
    uses = [{"at": one.at.isoformat(), "by": one.by_name, "model": one.fingerprint or "shipped"} for one in history]
    if as_json:
        _json({"in_force": wanted or "shipped", "acting": acting, "kept": [_kept_data(one) for one in kept], "uses": uses})
    else:
        cells = [(one.fingerprint, f"{one.size / 1e6:.1f} MB", str(one.labels), "、".join(_marks(one)), one.note) for one in kept]
        click.echo("\n".join(aligned(("模型", "大小", "类别数", "", "备注"), cells)) if cells else "没有存着的模型")
        for used in history[:LISTED]:
            local = used.at.astimezone(hotline.zone)
            click.echo(f"{local:%Y-%m-%d %H:%M} {used.by_name} 启用 {used.fingerprint or '随附的模型'}")
    if wanted and acting != wanted:
        click.secho(f"警告：应在用的模型 {wanted} 无法使用，现由随附的模型 {acting} 研判", fg="red", err=True)


def _marks(one: Kept) -> list[str]:
    return [*(["在用"] if one.in_force else []), *(["随附"] if one.shipped else [])]


def _kept_data(one: Kept) -> dict[str, object]:
    return {name: getattr(one, name) for name in Kept.__slots__}
