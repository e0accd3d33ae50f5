"""Puts a hotline together: real things by default, others by argument, nothing patched. Alone imports the channels' list."""

from __future__ import annotations

import gc
import secrets
from collections.abc import Mapping

from app import texts
from app.clock import Clock, SystemClock
from app.errors import BadInput
from app.hotline import Hotline
from app.policy import Policy, load_policy
from app.register.policies import remember
from app.settings import Settings, load_settings
from app.shipped import model_for
from app.store import schema
from app.store.db import Database
from channels import registry
from channels.contract import BadSettings, Channel
from channels.wire import Wire
from routing import tokens
from routing.classify import Model


def build(
    settings: Settings | None = None,
    *,
    clock: Clock | None = None,
    channels: Mapping[str, Channel] | None = None,
    policy: Policy | None = None,
    model: Model | None = None,
    migrate: bool = False,
) -> Hotline:
    """A hotline ready for its doors. ``migrate`` brings the database up to date first; without it an old schema is refused.

    Raises BadInput or BadFile for settings and policies that cannot be used.
    """
    settings = settings or load_settings()
    policy = policy or load_policy(settings.policy)
    db = Database(settings.url)
    if migrate:
        schema.migrate(db)
    elif not schema.is_current(db):
        raise BadInput("数据库结构不是最新的", cure="请先运行 hotline migrate")
    clock = clock or SystemClock()
    with db.write() as session:
        remember(session, policy, clock.now())
    return Hotline(
        settings=settings,
        clock=clock,
        db=db,
        policy=policy,
        model=model or model_for(policy, settings.data_dir),
        texts=texts.load(),
        channels=channels if channels is not None else _channels(settings),
        secret=_secret(settings),
    )


def warm_up() -> None:
    """Loads dictionaries now, not on the first citizen."""
    tokens.initialize()
    settle_memory()


def settle_memory() -> None:
    """Takes what is loaded out of the garbage collector's rounds (55 ms each), once everything is."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)


def _channels(settings: Settings) -> Mapping[str, Channel]:
    try:
        return registry.build(settings.channels(), Wire())
    except BadSettings as wrong:
        raise BadInput(str(wrong), cure="请改正 HOTLINE_ 开头的环境变量后重试") from None


def _secret(settings: Settings) -> bytes:
    """What cookies and links are signed with: as set, else made once and kept in the data folder, readable by us alone."""
    given = settings.secret_key.get_secret_value()
    if given:
        return given.encode()
    kept = settings.data_dir / "secret.key"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.touch(mode=0o600)
        kept.write_text(secrets.token_hex(32), encoding="ascii")
    return kept.read_text(encoding="ascii").strip().encode()
