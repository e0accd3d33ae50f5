"""What one WeChat official account is configured with; secrets never show in ``repr``."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field

from channels.contract import BadSettings

API_BASE = "https://api.weixin.qq.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class WeChatConfig:
    """``encoding_aes_key`` empty means 明文模式 only; ``app_secret`` empty means receive only."""

    token: str = field(repr=False)
    app_id: str
    app_secret: str = field(default="", repr=False)
    encoding_aes_key: str = field(default="", repr=False)
    previous_encoding_aes_key: str = field(default="", repr=False)
    api_base: str = API_BASE
    replay_window_seconds: int = 600
    max_body_bytes: int = 64 * 1024
    plain_allowed: bool = True  # False refuses unencrypted pushes, for accounts set to 安全模式

    def __post_init__(self) -> None:
        if not self.token:
            raise BadSettings("微信公众号缺少 TOKEN")
        if not self.app_id:
            raise BadSettings("微信公众号缺少 APP_ID")
        if self.replay_window_seconds <= 0 or self.max_body_bytes <= 0:
            raise BadSettings("微信公众号的时间窗和来件大小上限须大于零")
        if self.previous_encoding_aes_key and not self.encoding_aes_key:
            raise BadSettings("微信公众号配置了 PREVIOUS_ENCODING_AES_KEY，却没有 ENCODING_AES_KEY")
        _aes_key(self.encoding_aes_key, "ENCODING_AES_KEY")
        _aes_key(self.previous_encoding_aes_key, "PREVIOUS_ENCODING_AES_KEY")

    def aes_keys(self) -> tuple[bytes, ...]:
        """The current key, then the previous one: both are valid while the platform changes over."""
        keys = (_aes_key(self.encoding_aes_key, ""), _aes_key(self.previous_encoding_aes_key, ""))
        return tuple(key for key in keys if key)


def _aes_key(encoded: str, setting: str) -> bytes:
    if not encoded:
        return b""
    try:
        key = base64.b64decode(encoded + "=", validate=True)
    except (binascii.Error, ValueError):
        raise BadSettings(f"微信公众号的 {setting} 不是有效的密钥") from None
    if len(encoded) != 43 or len(key) != 32:
        raise BadSettings(f"微信公众号的 {setting} 须为 43 个字符")
    return key
