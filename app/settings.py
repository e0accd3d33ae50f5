"""How a process runs: environment variables, prefix ``HOTLINE_``, nested with ``__``. Documented in app/docs/running.md."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.errors import BadInput


class DeliveryMode(StrEnum):
    """Where notices really go. Nothing leaves a house by accident: only ``live`` talks to residents."""

    CONSOLE = "console"  # every notice is printed
    REDIRECT = "redirect"  # every notice goes to one address of ours
    LIVE = "live"


class WeChatSettings(BaseModel):
    """微信公众号."""

    token: SecretStr = SecretStr("")
    app_id: str = ""
    app_secret: SecretStr = SecretStr("")
    encoding_aes_key: SecretStr = SecretStr("")
    previous_encoding_aes_key: SecretStr = SecretStr("")
    api_base: str = "https://api.weixin.qq.com"


class WebhookSettings(BaseModel):
    """系统推送 to contractors' own systems; their addresses and secrets stand in the database (``hotline webhook``)."""

    api_base: str = ""


class Settings(BaseSettings):
    """Every setting of a process. Nothing here decides what was promised (policy) or who owes it (register)."""

    model_config = SettingsConfigDict(env_prefix="HOTLINE_", env_nested_delimiter="__", extra="ignore")

    data_dir: Path = Path("var")
    database_url: str = ""
    secret_key: SecretStr = SecretStr("")
    policy: Path | None = None
    delivery: DeliveryMode = DeliveryMode.CONSOLE
    redirect_to: str = ""
    public_url: str = "http://127.0.0.1:8000"
    answer_seconds: float = Field(default=4.0, gt=0, le=4.5)  # WeChat cuts the connection after five
    tick_seconds: float = Field(default=1.0, ge=0.05, le=60)
    stuck_after_seconds: float = Field(default=300.0, gt=0)  # business time a due timer may wait before /readyz turns red
    wechat: WeChatSettings = WeChatSettings()
    webhook: WebhookSettings = WebhookSettings()

    @property
    def url(self) -> str:
        """The database address: what is set, else an SQLite file in the data folder."""
        return self.database_url or f"sqlite:///{self.data_dir / 'hotline.db'}"

    def channels(self) -> Mapping[str, Mapping[str, str]]:
        """What each channel is configured with, in the clear: handed to the channels and to nobody else."""
        wechat = {name: _plain(value) for name, value in self.wechat if _plain(value)}
        webhook = {"api_base": self.webhook.api_base}
        return {"wechat": wechat if wechat.get("token") else {}, "webform": {}, "webhook": webhook, "console": {}}


def _plain(value: Any) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def load_settings(**given: Any) -> Settings:
    """Reads the environment; ``given`` wins over it. Raises BadInput naming the variable that is wrong."""
    try:
        settings = Settings(**given)
    except ValidationError as wrong:
        first = wrong.errors()[0]
        name = "HOTLINE_" + "__".join(str(part).upper() for part in first["loc"])
        raise BadInput(f"设置 {name} 的值无效：{first['msg']}", cure="请改正环境变量后重试") from None
    if settings.delivery is DeliveryMode.REDIRECT and not settings.redirect_to:
        raise BadInput("HOTLINE_DELIVERY 为 redirect，却没有 HOTLINE_REDIRECT_TO", cure="请写明转到哪个地址")
    return settings


def unknown() -> list[str]:
    """Variables with our prefix that mean nothing to us: most likely misspelt."""
    known = {name for name, _, _ in described(Settings())}
    return sorted(name for name in os.environ if name.startswith("HOTLINE_") and name.upper() not in known)


def described(settings: Settings) -> list[tuple[str, str, str]]:
    """Every setting as (variable, value, where it comes from), secrets masked."""
    rows = []
    for name, value in settings:
        parts = [(f"{name}__{inner}", inside) for inner, inside in value] if isinstance(value, BaseModel) else [(name, value)]
        for path, inside in parts:
            variable = "HOTLINE_" + path.upper()
            source = "环境变量" if variable in os.environ else "默认"
            rows.append((variable, _masked(inside), source))
    return rows


def _masked(value: Any) -> str:
    if isinstance(value, SecretStr):
        return "已设置" if value.get_secret_value() else "未设置"
    text = "" if value is None else str(value)
    return re.sub(r"(?<=://)([^:/@]+):[^@]*@", r"\1:***@", text) or "未设置"
