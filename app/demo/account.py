"""The demonstration's own WeChat account: made once, so that ``hotline simulate`` signs with the keys the server checks."""

from __future__ import annotations

import json
import secrets
import string
from pathlib import Path

from app.settings import Settings, WeChatSettings

FILE = "demo-wechat.json"


def account(data_dir: Path) -> WeChatSettings:
    """The account kept in the data folder, made on first use. Nobody outside knows these keys."""
    kept = data_dir / FILE
    if not kept.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        kept.touch(mode=0o600)
        letters = string.ascii_letters + string.digits
        made = {
            "token": secrets.token_hex(16),
            "app_id": "wx" + secrets.token_hex(8),
            "app_secret": secrets.token_hex(16),
            "encoding_aes_key": "".join(secrets.choice(letters) for _ in range(43)),
        }
        kept.write_text(json.dumps(made), encoding="utf-8")
    return WeChatSettings.model_validate(json.loads(kept.read_text(encoding="utf-8")))


def with_account(settings: Settings) -> Settings:
    """The settings, with the demonstration's account where no real one is set."""
    if settings.wechat.token.get_secret_value():
        return settings
    return settings.model_copy(update={"wechat": account(settings.data_dir)})


def known_account(settings: Settings) -> WeChatSettings | None:
    """The account that a running server checks signatures with: the one set, else the demonstration's, else None."""
    if settings.wechat.token.get_secret_value():
        return settings.wechat
    return account(settings.data_dir) if (settings.data_dir / FILE).exists() else None
