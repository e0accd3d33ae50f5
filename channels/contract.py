"""What every channel promises, and the types that cross its border.

A channel turns bytes into Complaints (``read``), says what the waiting caller gets (``answer``), brings in what has to be
fetched (``fetch``) and carries Notices out (``send``). It knows nothing of tickets, databases or clocks: every moment
it needs comes in with the Delivery or the Notice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable


class ChannelError(Exception):
    """Anything a channel may refuse. The text is one sentence, fit for a log, free of secrets."""


class BadSignature(ChannelError):
    """The delivery does not prove that it comes from the platform, or is too old: answer 403, keep nothing."""


class Unreadable(ChannelError):
    """From a verified sender, but not to be understood: keep the raw bytes, answer the platform kindly, alarm."""


class Ignored(ChannelError):
    """Verified and understood, and nothing that concerns us (an unknown event, our own echo): answer, keep nothing."""


class BadSettings(ChannelError):
    """A channel cannot work with the settings it was given; the sentence names the setting, never its value."""


class Receives(StrEnum):
    """How messages of this channel come to us."""

    PUSH = "push"
    PULL = "pull"
    NEVER = "never"


class Kind(StrEnum):
    """What a Complaint consists of, as the platform declares it."""

    TEXT = "text"
    IMAGE = "image"
    VOICE = "voice"
    VIDEO = "video"
    LOCATION = "location"
    LINK = "link"
    EVENT = "event"


@dataclass(frozen=True, slots=True)
class ChannelSpec:
    """What a channel is, for registers, health pages and the contract test."""

    key: str
    name: str  # Chinese, as residents and staff read it
    receives: Receives
    sends: bool
    signed: bool  # True: an unsigned, tampered or stale delivery must be refused
    kinds: tuple[Kind, ...] = ()


@dataclass(frozen=True, slots=True)
class Delivery:
    """来件: what a channel was handed, before anybody looked into it."""

    channel: str
    body: bytes
    received_at: datetime  # aware, wall-clock time
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    query: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"
    account: str = ""  # which of several accounts of this channel; "" is the only one


@dataclass(frozen=True, slots=True)
class Attached:
    """附件: something that came with a Complaint, named by what the platform calls it; fetched later."""

    kind: Kind
    reference: str  # media id, URL or storage key
    name: str = ""
    mime: str = ""
    text: str = ""  # what the platform says is in it (voice recognition); never relied upon


@dataclass(frozen=True, slots=True)
class Complaint:
    """诉求: what a resident said, normalised.

    ``external_id`` is the platform's own id, unique per channel, account and sender. The same delivery read twice gives the
    same ``external_id``.
    """

    external_id: str
    sender: str  # the address on this channel: OpenID, uid, mail address, phone
    kind: Kind
    text: str = ""
    thread: str = ""  # the conversation; defaults to the sender
    said_at: datetime | None = None  # the platform's own time
    event: str = ""  # for Kind.EVENT: the event's name, lower case
    event_key: str = ""
    attached: tuple[Attached, ...] = ()
    name: str = ""
    phone: str = ""
    place: str = ""  # what the sender wrote as the place, apart from the text
    latitude: float | None = None
    longitude: float | None = None
    confidential: bool = False
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is to be said to the caller who waits for ``answer``; an empty text is the channel's quiet acknowledgement."""

    text: str = ""
    at: datetime | None = None  # when it was first said, so that a repeat gets the same answer
    data: Mapping[str, str] = field(default_factory=dict)  # for callers that are programs: ticket number, address


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    status: int
    body: bytes
    content_type: str = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Notice:
    """通知: what is to be said to one person by one route."""

    key: str  # unique; a platform that can refuse repeats is given it
    to: str
    text: str
    at: datetime  # aware, wall-clock time of this attempt
    subject: str = ""
    ticket: str = ""  # ticket number
    account: str = ""
    data: Mapping[str, str] = field(default_factory=dict, repr=False)  # what one channel needs besides, a secret among it


class Failure(StrEnum):
    """Why a Notice did not go out, by what is to be done next."""

    AGAIN = "again"  # transient: same route, later
    NEXT_ROUTE = "next_route"  # this route will never reach this person now
    QUOTA = "quota"  # the account may not send more today
    CONFIGURATION = "configuration"  # people must mend something: alarm, do not retry by itself
    CONTENT = "content"  # this text will never be accepted


@dataclass(frozen=True, slots=True)
class Receipt:
    """投递回执: the outside world's answer to one Notice: an id, or a failure and how final it is."""

    external_id: str = ""
    failure: Failure | None = None
    code: str = ""
    detail: str = ""

    @property
    def ok(self) -> bool:
        return self.failure is None


@runtime_checkable
class Channel(Protocol):
    """The five things a channel may be asked. ``read`` and ``answer`` are pure: no network, clock, database or disk."""

    spec: ChannelSpec

    def read(self, delivery: Delivery) -> list[Complaint]:
        """Verify and parse. Raises BadSignature, Unreadable or Ignored, and nothing else, whatever the bytes."""
        ...

    def answer(self, delivery: Delivery, said: Answer) -> HttpAnswer:
        """What the waiting caller gets, in the platform's own form (encrypted where it asks for that)."""
        ...

    def greet(self, delivery: Delivery) -> HttpAnswer:
        """The answer to the platform's GET that checks our address. Raises BadSignature."""
        ...

    def fetch(self, since: str) -> Iterable[Delivery]:
        """Pulled channels only: what is new since the cursor."""
        ...

    def send(self, notice: Notice) -> Receipt:
        """The only one that talks to the world. Never raises for what the outside does: that is a Receipt."""
        ...


class OutboundOnly:
    """The receiving half of a channel that only sends."""

    spec: ChannelSpec

    def read(self, delivery: Delivery) -> list[Complaint]:
        raise Ignored(f"{self.spec.name}不接收来件")

    def answer(self, delivery: Delivery, said: Answer) -> HttpAnswer:
        return HttpAnswer(404, b"")

    def greet(self, delivery: Delivery) -> HttpAnswer:
        raise BadSignature(f"{self.spec.name}没有回调地址")

    def fetch(self, since: str) -> Iterable[Delivery]:
        return ()
