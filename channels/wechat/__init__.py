"""微信公众号: pushes in all three modes, passive replies, customer-service messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from channels.contract import Answer, BadSettings, ChannelSpec, Complaint, Delivery, HttpAnswer, Kind, Notice, Receipt, Receives
from channels.wechat import guard, parse, reply
from channels.wechat.config import API_BASE, WeChatConfig
from channels.wechat.send import CustomMessages
from channels.wire import Wire

__all__ = ["WeChat", "WeChatConfig", "build"]


class WeChat:
    """One official account."""

    spec = ChannelSpec(
        key="wechat",
        name="微信公众号",
        receives=Receives.PUSH,
        sends=True,
        signed=True,
        kinds=(Kind.TEXT, Kind.IMAGE, Kind.VOICE, Kind.VIDEO, Kind.LOCATION, Kind.LINK, Kind.EVENT),
    )

    def __init__(self, config: WeChatConfig, wire: Wire) -> None:
        self._config = config
        self._messages = CustomMessages(config, wire)

    def read(self, delivery: Delivery) -> list[Complaint]:
        return [parse.complaint_of(guard.open_delivery(self._config, delivery).text)]

    def answer(self, delivery: Delivery, said: Answer) -> HttpAnswer:
        return reply.render(self._config, delivery, said)

    def greet(self, delivery: Delivery) -> HttpAnswer:
        return HttpAnswer(200, guard.check_address(self._config, delivery).encode("utf-8", "replace"))

    def fetch(self, since: str) -> Iterable[Delivery]:
        return ()

    def send(self, notice: Notice) -> Receipt:
        return self._messages.send(notice)


def build(settings: Mapping[str, str], wire: Wire) -> WeChat | None:
    """From the settings TOKEN, APP_ID, APP_SECRET, ENCODING_AES_KEY, PREVIOUS_ENCODING_AES_KEY, API_BASE and, where wanted,
    REPLAY_WINDOW_SECONDS and PLAIN_ALLOWED; None without a token. Raises BadSettings."""
    if not settings.get("token"):
        return None
    base = settings.get("api_base", "")
    if base:
        wire.allow(base)
    window = settings.get("replay_window_seconds") or "600"
    if not (window.isascii() and window.isdigit()):
        raise BadSettings("微信公众号的 REPLAY_WINDOW_SECONDS 须是整数秒")
    config = WeChatConfig(
        token=settings["token"],
        app_id=settings.get("app_id", ""),
        app_secret=settings.get("app_secret", ""),
        encoding_aes_key=settings.get("encoding_aes_key", ""),
        previous_encoding_aes_key=settings.get("previous_encoding_aes_key", ""),
        api_base=base or API_BASE,
        replay_window_seconds=int(window),
        plain_allowed=(settings.get("plain_allowed") or "true").lower() not in ("0", "false", "no", "off"),
    )
    return WeChat(config, wire)
