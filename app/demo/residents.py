"""Residents of the demonstration city, writing through the real wire formats: signed, encrypted, repeated as platforms do."""

from __future__ import annotations

import asyncio
import random
import secrets
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import httpx

from app.clock import Clock, stopwatch
from app.demo.complaints import DemoComplaint
from app.settings import WeChatSettings
from channels.contract import BadSignature, Unreadable
from channels.wechat import WeChatConfig, compose
from channels.wechat.compose import Mode

PATIENCE = 5.0  # seconds a platform waits for an answer
TRIES = 3  # that it makes


@dataclass(frozen=True, slots=True)
class Sent:
    """One message of one resident and what came of it."""

    external_id: str
    sender: str
    text: str
    answer: str = ""
    status: int = 0
    seconds: float = 0.0
    tries: int = 1
    error: str = ""

    @property
    def acknowledged(self) -> bool:
        return self.status == 200 and not self.error


@dataclass(slots=True)
class Tally:
    """What a simulation did, as counted from outside."""

    sent: list[Sent] = field(default_factory=list)
    seconds: float = 0.0

    def summary(self) -> dict[str, float | int]:
        took = sorted(one.seconds for one in self.sent if one.acknowledged)
        return {
            "sent": len(self.sent),
            "acknowledged": len(took),
            "with_ticket_number": sum(1 for one in self.sent if "GZ" in one.answer),
            "failed": len(self.sent) - len(took),
            "repeated": sum(1 for one in self.sent if one.tries > 1),
            "per_second": round(len(took) / self.seconds, 2) if self.seconds else 0.0,
            "p50_ms": round(1000 * _quantile(took, 0.50), 1),
            "p99_ms": round(1000 * _quantile(took, 0.99), 1),
        }


def _quantile(values: Sequence[float], share: float) -> float:
    return values[min(len(values) - 1, int(share * len(values)))] if values else 0.0


class Crowd:
    """Many residents with one official account. ``chance`` decides who says what; identities are new for every message."""

    def __init__(self, url: str, account: WeChatSettings, clock: Clock, chance: random.Random, mode: Mode) -> None:
        self._url = url.rstrip("/")
        self._clock = clock
        self._chance = chance
        self._mode = mode
        self._config = WeChatConfig(
            token=account.token.get_secret_value(),
            app_id=account.app_id,
            encoding_aes_key=account.encoding_aes_key.get_secret_value(),
        )

    async def write(
        self,
        complaints: Sequence[DemoComplaint],
        *,
        rate: float,
        seconds: float,
        repeats: float,
        heard: Callable[[Sent], None],
        going: Callable[[], bool] = lambda: True,
    ) -> Tally:
        """Sends ``rate`` messages a second for so long, a share of them more than once, without waiting for the answers.

        Writes no further one once ``going`` says no; whatever is under way is then brought to its end.
        """
        tally = Tally()
        started = stopwatch()

        async def one(client: httpx.AsyncClient, text: str) -> None:
            said = await self.say(client, text, repeat=self._chance.random() < repeats)
            tally.sent.append(said)
            heard(said)

        async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as client, asyncio.TaskGroup() as talk:
            for count in range(max(1, round(rate * seconds))):
                if not going():
                    break
                talk.create_task(one(client, self._chance.choice(complaints).text))
                await asyncio.sleep(max(0.0, started + (count + 1) / rate - stopwatch()))
        tally.seconds = stopwatch() - started
        return tally

    async def say(self, client: httpx.AsyncClient, text: str, *, repeat: bool = False) -> Sent:
        """One text message of a new resident; like the platform, tries again when there is no answer."""
        sender = "o" + "".join(secrets.choice(string.ascii_letters + string.digits + "_-") for _ in range(27))
        message_id = secrets.randbits(62)
        inner = compose.text(text, sender=sender, at=self._clock.wall(), message_id=message_id)
        said = Sent(str(message_id), sender, text, error="没有应答")
        for attempt in range(1, TRIES + 1):
            said = await self._post(client, inner, said, attempt)
            if said.acknowledged and not (repeat and attempt == 1):
                break
        return said

    async def _post(self, client: httpx.AsyncClient, inner: str, said: Sent, attempt: int) -> Sent:
        query, body = compose.post(
            self._config,
            inner,
            at=self._clock.wall(),
            nonce=str(secrets.randbelow(10**9)),
            mode=self._mode,
            random16=secrets.token_hex(8),
            sender=said.sender,
        )
        began = stopwatch()
        try:
            reply = await client.post(
                f"{self._url}/hooks/wechat", params=query, content=body, headers={"content-type": "text/xml"}
            )
            answer = compose.understand(self._config, reply.content).get("Content", "") if reply.status_code == 200 else ""
            error = "" if reply.status_code == 200 else f"HTTP {reply.status_code}"
        except httpx.HTTPError as broken:
            return Sent(
                said.external_id, said.sender, said.text, tries=attempt, error=f"{self._url} 没有应答（{type(broken).__name__}）"
            )
        except (BadSignature, Unreadable) as wrong:
            return Sent(said.external_id, said.sender, said.text, status=200, tries=attempt, error=str(wrong))
        return Sent(said.external_id, said.sender, said.text, answer, reply.status_code, stopwatch() - began, attempt, error)
