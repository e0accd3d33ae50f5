"""Customer-service messages (客服消息) and the one cached access token they need.

1. take the cached ``stable_token``; when there is none, exactly one thread fetches it while the others wait;
2. send once; a platform that calls the token bad makes us fetch one anew, once, and send once more;
3. whatever comes back is a Receipt: at most two sends and two token calls for one Notice, whatever the platform does.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from channels.contract import Failure, Notice, Receipt
from channels.wechat.config import WeChatConfig
from channels.wechat.reply import shortened
from channels.wire import Wire, WireError, http_receipt

TOKEN_PATH = "/cgi-bin/stable_token"
SEND_PATH = "/cgi-bin/message/custom/send"
EARLY = timedelta(seconds=300)  # the platform hands out the next token five minutes before the old one ends
JSON = {"content-type": "application/json; charset=utf-8"}

ALREADY_SENT = 45065
TOKEN_REFUSED = frozenset({40001, 40014, 42001})
# https://developers.weixin.qq.com/doc/service/guide/dev/message/customer.html and the platform's list of return codes
FAILURES: dict[int, tuple[Failure, str]] = {
    -1: (Failure.AGAIN, "微信系统繁忙"),
    40001: (Failure.CONFIGURATION, "access_token 或 AppSecret 被拒，刷新后仍然如此"),
    40002: (Failure.CONFIGURATION, "凭证类型不对"),
    40003: (Failure.NEXT_ROUTE, "OpenID 不属于本公众号"),
    40007: (Failure.CONTENT, "媒体文件编号无效"),
    40008: (Failure.CONTENT, "消息类型不对"),
    40013: (Failure.CONFIGURATION, "AppID 无效"),
    40014: (Failure.CONFIGURATION, "access_token 无效，刷新后仍然如此"),
    40125: (Failure.CONFIGURATION, "AppSecret 无效"),
    40164: (Failure.CONFIGURATION, "服务器 IP 不在公众号白名单中"),
    40200: (Failure.CONFIGURATION, "账号类型不支持"),
    40243: (Failure.CONFIGURATION, "AppSecret 已被冻结"),
    42001: (Failure.CONFIGURATION, "access_token 过期，刷新后仍然如此"),
    43004: (Failure.NEXT_ROUTE, "对方未关注公众号"),
    43019: (Failure.NEXT_ROUTE, "对方在公众号黑名单中"),
    43101: (Failure.NEXT_ROUTE, "对方拒收或订阅次数已用完"),
    44004: (Failure.CONTENT, "内容为空"),
    45002: (Failure.CONTENT, "内容过长"),
    45009: (Failure.QUOTA, "当日接口调用次数已用完"),
    45011: (Failure.AGAIN, "调用过于频繁"),
    45015: (Failure.NEXT_ROUTE, "已超出 48 小时回复时限，或对方已取消关注"),
    45047: (Failure.NEXT_ROUTE, "客服消息下行条数已用完"),
    47001: (Failure.CONTENT, "请求格式有误"),
    47003: (Failure.CONTENT, "模板参数有误"),
    48001: (Failure.CONFIGURATION, "公众号没有客服消息接口权限"),
    48002: (Failure.NEXT_ROUTE, "对方拒收公众号消息"),
    48004: (Failure.CONFIGURATION, "接口被封禁"),
    50002: (Failure.CONFIGURATION, "公众号受限"),
    87014: (Failure.CONTENT, "内容被判定为违规"),
}


@dataclass(frozen=True, slots=True)
class _Token:
    value: str = field(repr=False)
    until: datetime
    generation: int


class _Refused(Exception):
    """A call came to nothing; carries the Receipt that says why."""

    def __init__(self, receipt: Receipt) -> None:
        super().__init__(receipt.code)
        self.receipt = receipt


class CustomMessages:
    """Sends text to one OpenID. Safe to share between threads; one per account and process is right, more do no harm."""

    def __init__(self, config: WeChatConfig, wire: Wire) -> None:
        self._config = config
        self._wire = wire
        self._base = config.api_base.rstrip("/")
        self._fetching = threading.Lock()
        self._token: _Token | None = None
        self._generation = 0
        self._fetches = 0
        self._fetch_failed: Receipt | None = None

    def send(self, notice: Notice) -> Receipt:
        if not self._config.app_secret:
            return Receipt(failure=Failure.CONFIGURATION, code="app_secret", detail="微信公众号未配置 APP_SECRET，不能主动发送")
        if not notice.text.strip():
            return Receipt(failure=Failure.CONTENT, code="empty", detail="内容为空")
        try:
            token = self._current(notice.at)
            code, answer = self._attempt(notice, token)
            if code in TOKEN_REFUSED:
                self._drop(token)
                code, answer = self._attempt(notice, self._current(notice.at))
        except _Refused as refused:
            return refused.receipt
        if code in (0, ALREADY_SENT):
            return Receipt(external_id=str(answer.get("msgid") or notice.key))
        return self._failed(code, answer)

    def _attempt(self, notice: Notice, token: _Token) -> tuple[int, dict[str, Any]]:
        message = {"touser": notice.to, "msgtype": "text", "text": {"content": shortened(notice.text)}}
        return self._call(SEND_PATH, message, {"access_token": token.value})

    def _current(self, at: datetime) -> _Token:
        """A token good at ``at``. Those who find none wait for the one who fetches, and share its failure as well."""
        seen = self._fetches
        with self._fetching:
            if self._token is not None and at < self._token.until:
                return self._token
            if self._fetches != seen and self._fetch_failed is not None:
                raise _Refused(self._fetch_failed)  # fifty waiters would otherwise wait for fifty time-outs in a row
            self._token, self._fetch_failed = None, None
            try:
                self._token = self._fetch(at)
            except _Refused as refused:
                self._fetch_failed = refused.receipt
                raise
            finally:
                self._fetches += 1
            return self._token

    def _drop(self, used: _Token) -> None:
        """Forgets the token that was refused, unless somebody has fetched another meanwhile."""
        with self._fetching:
            if self._token is not None and self._token.generation == used.generation:
                self._token = None

    def _fetch(self, at: datetime) -> _Token:
        # force_refresh stays false: it is limited to 20 a day and would put out the tokens other nodes are using
        code, answer = self._call(
            TOKEN_PATH,
            {
                "grant_type": "client_credential",
                "appid": self._config.app_id,
                "secret": self._config.app_secret,
                "force_refresh": False,
            },
            {},
        )
        if code:
            raise _Refused(self._failed(code, answer))
        value, lives = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(value, str) or not value or not isinstance(lives, int) or isinstance(lives, bool) or lives <= 0:
            raise _Refused(Receipt(failure=Failure.AGAIN, code="token", detail="微信返回的 access_token 不完整"))
        self._generation += 1
        life = timedelta(seconds=min(lives, 7200))
        return _Token(value, at + max(life - EARLY, life / 10), self._generation)

    def _call(self, path: str, payload: dict[str, Any], query: dict[str, str]) -> tuple[int, dict[str, Any]]:
        # escaped \u text would show up literally at the resident's
        content = json.dumps(payload, ensure_ascii=False).encode("utf-8", "replace")
        try:
            reply = self._wire.post(self._base + path, content, query=query, headers=JSON)
        except WireError as problem:
            raise _Refused(problem.receipt()) from None
        refused = http_receipt(reply.status)
        if refused is not None:
            raise _Refused(refused)
        try:
            answer = json.loads(reply.body)
        except (ValueError, RecursionError):
            answer = None
        code = answer.get("errcode", 0) if isinstance(answer, dict) else None
        if not isinstance(answer, dict) or not isinstance(code, int):
            raise _Refused(Receipt(failure=Failure.AGAIN, code="answer", detail="微信的回应无法解析，是否已送达不确定"))
        return code, answer

    def _failed(self, code: int, answer: dict[str, Any]) -> Receipt:
        failure, meaning = FAILURES.get(code, (Failure.AGAIN, "未知错误"))
        said = str(answer.get("errmsg", ""))[:200]
        for secret in (self._config.app_secret, self._config.token, self._token.value if self._token else ""):
            said = said.replace(secret, "***") if secret else said
        return Receipt(failure=failure, code=str(code), detail=f"{meaning}（{code}：{said}）" if said else f"{meaning}（{code}）")
