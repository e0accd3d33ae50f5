"""What the routing says about one message 研判结果: frozen facts that a page, a ticket or a JSON line can show."""

from __future__ import annotations

from dataclasses import dataclass, replace

from routing.taxonomy import Owner


@dataclass(frozen=True, slots=True)
class EmergencyHit:
    """One emergency seen in the text, with the resident's own words that gave the alarm."""

    code: str  # E01 … E10
    words: tuple[str, ...]
    why: str  # Chinese, for the agent


@dataclass(frozen=True, slots=True)
class PlaceFound:
    """Where the matter is. ``estate_id`` is None when no estate, or more than one, answers to the words."""

    estate_id: str | None = None
    estate: str = ""
    building: str = ""
    unit: str = ""
    room: str = ""
    words: tuple[str, ...] = ()  # the words of the message that led here
    exact: bool = True  # False: the estate's name was met with one slip of the pen
    candidates: tuple[tuple[str, str], ...] = ()  # (id, name) when ambiguous; then estate_id is None
    others: tuple[tuple[str, str], ...] = ()  # (id, name) of estates named beside the one where the matter is
    buildings: tuple[str, ...] = ()  # all that were named, when several (5栋到8栋)
    address: str = ""  # the address as it stands in the text, whether or not the register knows it
    source: str = "said"  # whence the estate: said in the text, hinted by a form, registered for the resident

    def to_json(self) -> dict[str, object]:
        """Unknown parts are null, never missing."""
        return {
            "estate": self.estate or None,
            "building": self.building or None,
            "unit": self.unit or None,
            "room": self.room or None,
            "buildings": list(self.buildings),
            "others": [name for _, name in self.others],
            "candidates": [name for _, name in self.candidates],
            "address": self.address or None,
            "source": self.source,
        }


@dataclass(frozen=True, slots=True)
class Emotion:
    """How it was said 情绪: 平静 不满 焦急 愤怒 绝望, with the words that show it; 平静 has none."""

    name: str = "平静"
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SpecialPerson:
    """Somebody who needs more care than others 特殊人群: 老人 独居 孕产妇 残疾人 病人 行动不便 儿童."""

    kind: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Collective:
    """Many speak together 群体诉求. ``households``: how many at the least, None where no number was said."""

    words: tuple[str, ...]
    households: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement on one message.

    ``leaf`` is always the best guess; ``review`` says that a person must look before anybody is set to work.
    """

    leaf: str
    group: str
    owner: Owner
    confidence: float
    runners_up: tuple[tuple[str, float], ...]
    request_type: str  # 咨询 求助 投诉 举报 建议 表扬
    urgency: str  # U0 … U3
    emergencies: tuple[EmergencyHit, ...]
    place: PlaceFound | None
    phones: tuple[str, ...]
    reserved: bool  # reserved to government: never a contractor's
    about_contractor: bool  # about the contractor or its staff: hidden from contractors
    confidential: bool  # the complainant wishes, or the leaf demands, that the name is withheld
    review: bool
    reasons: tuple[str, ...]
    secondary: tuple[str, ...] = ()  # other matters in the same message, leaf codes
    guarded: bool = (
        False  # speaks, surely or likely, of a contractor's people or of what is reserved: no contractor reads it unasked
    )
    emotion: Emotion = Emotion()
    special_persons: tuple[SpecialPerson, ...] = ()
    collective: Collective | None = None
    model: str = ""  # fingerprint of the model that judged; "" where a person did, or there was nothing to judge

    def settled(self, place: PlaceFound | None, phone: str = "") -> Verdict:
        """The same verdict with the place and, first, the number that further talk has settled."""
        return replace(self, place=place, phones=tuple(dict.fromkeys((phone, *self.phones))) if phone else self.phones)

    def to_json(self) -> dict[str, object]:
        """The answer of ``hotline classify``, without the caller's ``id``; confidences to four digits."""
        place, many = self.place or PlaceFound(), self.collective
        return {
            "leaf": self.leaf,
            "group": self.group,
            "owner": str(self.owner),
            "confidence": round(self.confidence, 4),
            "runners_up": [{"leaf": leaf, "confidence": round(p, 4)} for leaf, p in self.runners_up],
            "request_type": self.request_type,
            "urgency": self.urgency,
            "emergency": [hit.code for hit in self.emergencies],
            "place": place.to_json(),
            "phones": list(self.phones),
            "reserved": self.reserved,
            "about_contractor": self.about_contractor,
            "confidential": self.confidential,
            "emotion": {"name": self.emotion.name, "words": list(self.emotion.words)},
            "special_persons": [{"kind": one.kind, "words": list(one.words)} for one in self.special_persons],
            "collective": many and {"households": many.households, "words": list(many.words)},
            "reasons": list(self.reasons),
            "review": self.review,
            "model": self.model,
        }
