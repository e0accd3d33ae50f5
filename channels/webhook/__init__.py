"""系统推送: hands an event to a contractor's own system, signed as Standard Webhooks 1.0.0 says.

Source: https://www.standardwebhooks.com, specification 1.0.0: the three headers, what is signed, how a secret is written.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

from channels.contract import ChannelSpec, Failure, Notice, OutboundOnly, Receipt, Receives
from channels.wire import Wire, WireError, http_receipt

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64  # bytes of a secret


class BadSecret(ValueError):
    """Not ``whsec_`` and 24 to 64 bytes in base64; the sentence never holds the secret."""


def key_of(secret: str) -> bytes:
    """The bytes that a secret stands for. Raises BadSecret."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True) if secret.startswith(PREFIX) else b""
    except binascii.Error:
        key = b""
    if not SHORTEST <= len(key) <= LONGEST:
        raise BadSecret(f"密钥须是 {PREFIX} 加 {SHORTEST} 到 {LONGEST} 字节的 base64")
    return key


def signature(secret: str, identity: str, timestamp: int, body: bytes) -> str:
    """``v1,`` and the signature over id, moment of the attempt and body. Raises BadSecret."""
    signed = f"{identity}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key_of(secret), signed, hashlib.sha256).digest()).decode("ascii")


class Webhook(OutboundOnly):
    """A notice's text is the body as it stands; its ``data`` holds ``secret``, and ``former`` while secrets change over."""

    spec = ChannelSpec(key="webhook", name="系统推送", receives=Receives.NEVER, sends=True, signed=False)

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def send(self, notice: Notice) -> Receipt:
        body, timestamp = notice.text.encode("utf-8", "replace"), int(notice.at.timestamp())
        secrets = [notice.data.get("secret", ""), *filter(None, [notice.data.get("former", "")])]
        try:
            signatures = [signature(secret, notice.key, timestamp, body) for secret in secrets]
        except BadSecret as unusable:
            return Receipt(failure=Failure.CONFIGURATION, code="secret", detail=str(unusable))
        headers = {
            "content-type": "application/json; charset=utf-8",
            "webhook-id": notice.key,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": " ".join(signatures),
        }
        try:
            reply = self._wire.post(notice.to, body, headers=headers)
        except WireError as problem:
            return problem.receipt()
        return http_receipt(reply.status) or Receipt(external_id=notice.key)  # whatever a 2xx says: it has been taken


def build(settings: Mapping[str, str], wire: Wire) -> Webhook:
    """``api_base`` names the one address that may be private or plain http. Raises BadSettings where it is no address."""
    if settings.get("api_base"):
        wire.allow(settings["api_base"])
    return Webhook(wire)
