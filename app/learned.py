"""Trained classifiers 模型 of this house: kept in the data folder by fingerprint, one of them in force, as the database says.

Every process asks the database with each revision of the register, and putting a model in force counts that revision up: so
running servers take it up by themselves. On several hosts the folder ``models`` has to be the same on each.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import BadInput, Conflict
from app.register.model import ModelUse
from app.register.organisations import touch
from routing.classify import Model
from routing.taxonomy import Taxonomy

_FINGERPRINT = re.compile(r"[0-9a-f]{4,64}")


@dataclass(frozen=True, slots=True)
class TakenUp:
    """A model in memory, and the file it came from."""

    digest: str
    model: Model


def folder(data_dir: Path) -> Path:
    return data_dir / "models"


def kept(data_dir: Path) -> list[Path]:
    """The files of all models kept here, in the order of their fingerprints."""
    return sorted(folder(data_dir).glob("*.npz"))


def kept_as(data_dir: Path, named: str) -> Path | None:
    """The file of the only kept model whose fingerprint begins so. Raises BadInput when there are several."""
    if not _FINGERPRINT.fullmatch(named):
        return None
    found = [path for path in kept(data_dir) if path.stem.startswith(named)]
    if len(found) > 1:
        raise BadInput(f"有 {len(found)} 个模型的指纹以“{named}”开头", cure="请多写几位")
    return found[0] if found else None


def load(path: Path) -> Model:
    """A model out of a file. Raises BadInput when it is no such file, or of another version of the program; OSError."""
    try:
        return Model.load(path)
    except ValueError as wrong:
        raise BadInput(f"{path} 不是可用的模型：{wrong}", cure="请用 hotline classifier train 重新训练") from wrong


def check_labels(model: Model, taxonomy: Taxonomy) -> None:
    """Raises BadInput when the model says what is no category here, or cannot say what is one."""
    unknown = sorted(set(model.labels) - set(taxonomy.leaves))
    if unknown:
        raise BadInput(f"模型的标签不在类别表中：{_some(unknown)}", cure="请用类别编号作标签重新训练，或更新 taxonomy.toml")
    missing = sorted(set(taxonomy.leaves) - set(model.labels))
    if missing:
        cure = "请用 hotline classifier train --history 训练，它包含每个类别的例句"
        raise BadInput(f"模型不认识这些类别：{_some(missing)}", cure=cure)


def _some(codes: Sequence[str]) -> str:
    return "、".join(codes[:8]) + (f" 等 {len(codes)} 个" if len(codes) > 8 else "")


def in_force(session: Session) -> ModelUse | None:
    """What was put in force last; None when that is the shipped one."""
    last = session.scalars(select(ModelUse).order_by(ModelUse.id.desc()).limit(1)).one_or_none()
    return last if last is not None and last.fingerprint else None


def history(session: Session) -> list[ModelUse]:
    """Everything that was ever put in force, the newest first."""
    return list(session.scalars(select(ModelUse).order_by(ModelUse.id.desc())))


def load_kept(data_dir: Path, used: ModelUse, taxonomy: Taxonomy) -> Model:
    """The model of that row. Raises BadInput when its file is gone, is another one, or does not fit the categories any more.

    Categories that are new since it was trained it cannot say; that is no reason to do without it.
    """
    path = folder(data_dir) / f"{used.fingerprint}.npz"
    if not path.exists():
        raise BadInput(f"模型文件 {path} 不在", cure="请从备份或其他主机复制过来，或 hotline classifier use shipped")
    if digest_of(path) != used.digest:
        raise BadInput(f"模型文件 {path} 与启用时的不同", cure="请复制原来的文件，或重新 hotline classifier use")
    model = load(path)
    unknown = sorted(set(model.labels) - set(taxonomy.leaves))
    if unknown:
        raise BadInput(f"模型的标签不在类别表中：{_some(unknown)}", cure="请重新训练")
    return model


def keep(data_dir: Path, model: Model, path: Path) -> str:
    """Copies a model's file into the data folder and returns its digest. Raises Conflict when another model has its name."""
    home = folder(data_dir) / f"{model.fingerprint}.npz"
    digest = digest_of(path)
    if home.exists():
        if digest_of(home) != digest:
            raise Conflict(f"{home} 是指纹相同而内容不同的模型", cure="请核对来源，移走其中一个后重试")
        return digest
    home.parent.mkdir(parents=True, exist_ok=True)
    partial = home.with_name(home.name + ".part")
    partial.write_bytes(path.read_bytes())
    partial.replace(home)
    return digest


def put_in_force(session: Session, fingerprint: str, digest: str, by: str, wall: datetime) -> None:
    """From now on this model judges; "" is the shipped one. Every process learns of it with its next transaction."""
    session.add(ModelUse(at=wall, by_name=by, fingerprint=fingerprint, digest=digest))
    touch(session)


def digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
