"""One ticket of every kind that somebody may not see, each with words of its own planted in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from app import deeds, webhooks
from app.incidents import open_incident
from app.store import sequences
from app.store import tickets as store
from app.tickets.followup import Sample
from app.tickets.lifecycle import SYSTEM, Actor
from app.tickets.model import Ticket
from app.tickets.residents import Resident
from app.triage import open_ticket
from channels.contract import Complaint, Kind
from tests.app.casework.stage import Stage

SURNAMES = ("欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟", "公孙", "令狐", "钟离", "宇文", "长孙")


@dataclass
class Planted:
    """One ticket, and what is planted in it, each word found nowhere else."""

    number: str
    secrets: dict[str, str] = field(default_factory=dict)


@dataclass
class Scene:
    """All kinds of tickets at 石桥新居, where 匠修 repairs."""

    stage: Stage
    tickets: dict[str, Planted] = field(default_factory=dict)
    order: int = 0  # the 督办单 on the ordinary one

    def opens(self, kind: str, leaf: str = "C06", *, review: bool = False, like: str = "") -> str:
        """A ticket with its words planted; ``like``: by the telephone of another one."""
        n = len(self.tickets) + 1
        secrets = {
            "word": f"暗号{chr(0x4E00 + 37 * n)}{chr(0x5200 + 41 * n)}",
            "name": f"{SURNAMES[n % len(SURNAMES)]}{chr(0x6100 + 29 * n)}",
            "phone": self.tickets[like].secrets["phone"] if like else f"139{10_000_000 + 1_234_567 * n % 89_999_999}",
            "sender": f"o-planted-{n:03}",
            "room": str(2301 + n),
        }
        text = f"灯坏了，{secrets['word']}，我是{secrets['name']}，住{secrets['room']}，电话{secrets['phone']}"
        stage = self.stage
        with stage.cast.hotline.tx() as tx:
            resident = Resident(name=secrets["name"], phone=secrets["phone"], created_at=tx.now)
            tx.session.add(resident)
            tx.session.flush()
            external_id = f"wx-{secrets['sender']}-{sequences.take(tx.session, 'test.scene')}"
            said = Complaint(external_id=external_id, sender=secrets["sender"], kind=Kind.TEXT, text=text, name=secrets["name"])
            ticket = open_ticket(
                tx,
                channel="wechat",
                account="",
                complaint=said,
                verdict=stage.verdict(leaf, review, f"石桥新居{n}栋2单元{secrets['room']}"),
                resident=resident,
                received_at=tx.now,
                inbound=None,
            )
            tx.session.flush()
            self.tickets[kind] = Planted(ticket.number, secrets)
        return self.tickets[kind].number

    def deed(self, number: str, action: str, by: Actor, **details: Any) -> None:
        with self.stage.cast.hotline.tx() as tx:
            deeds.do(tx, store.by_number(tx.session, number, SYSTEM), action, by, details)

    def known(self, kind: str, number: str, **secrets: str) -> None:
        """A ticket that an act has made."""
        self.tickets[kind] = Planted(number, secrets)

    def find(self, number: str) -> Ticket:
        return self.stage.ticket(number)


def build(stage: Stage) -> Scene:
    """Acts the whole scene."""
    scene, agent, mender, supervisor = Scene(stage), stage.agent, stage.mender, stage.supervisor
    with stage.cast.hotline.tx() as tx:
        for contractor in (mender, stage.other):
            webhooks.register(tx, contractor.org, "https://jx.example.com/hotline")
    ordinary = scene.opens("ordinary")
    stage.does(ordinary, "supervise", supervisor, level=2, text="请尽快办理")
    helped = scene.opens("helped")
    stage.does(helped, "assist", agent, helper=stage.other.org, text="请配合断电")
    former = stage.cast.contractor("房屋安全")
    stage.does(helped, "assist", agent, helper=former.org, text="请看外墙")
    stage.does(helped, "unassist", agent, helper=former.org, reason="不需要了")
    _in_confidence(scene)
    scene.opens("sealed R", "R02")
    scene.opens("sealed G", "G01")
    reclassified = scene.opens("reclassified")
    stage.does(reclassified, "append", stage.resident(reclassified), text=scene.tickets["reclassified"].secrets["word"])
    stage.does(reclassified, "assist", agent, helper=stage.other.org, text="请配合")
    stage.does(reclassified, "assisted", stage.other, text="已配合")
    stage.does(reclassified, "return", agent, reason="重新研判")
    stage.does(reclassified, "classify", agent, leaf="R02")
    refiled = scene.opens("refiled", review=True)
    stage.does(refiled, "classify", agent, leaf="R02")
    stage.does(refiled, "classify", agent, leaf="C06")
    _several(scene)
    for kind in ("drawn", "undrawn", "drawn, sealed"):
        _done(scene, kind)
    number = scene.tickets["drawn, sealed"].number
    stage.does(number, "reopen", agent, reason="重新办理")
    stage.does(number, "return", agent, reason="重新研判")
    stage.does(number, "classify", agent, leaf="R02")
    with stage.cast.hotline.look() as tx:
        scene.order = store.by_number(tx.session, ordinary, SYSTEM).supervisions[0].id
    stage.cast.clock.advance(timedelta(minutes=1))
    assert mender.org
    return scene


def _in_confidence(scene: Scene) -> None:
    stage = scene.stage
    for kind in ("confidential", "restated"):
        number = scene.opens(kind, review=True)
        stage.does(number, "protect", stage.agent)
        stage.does(number, "dispatch", stage.agent, contractor=stage.mender.org)
        word, name = (scene.tickets[kind].secrets[what] for what in ("word", "name"))
        if kind == "restated":
            scene.tickets[kind].secrets["brief"] = "照明转述一二三"
            stage.does(number, "restate", stage.agent, text="照明转述一二三")
        stage.does(number, "append", stage.resident(number), text=f"还是{word}，{name}")
        stage.does(number, "contact", stage.agent, text=f"问过{name}，{word}")
        stage.does(number, "accept", stage.mender, eta="今天下午")


def _several(scene: Scene) -> None:
    stage = scene.stage
    whole = scene.opens("whole", "R02")
    scene.deed(whole, "split", stage.agent, text="楼道灯请修复，分办甲乙", leaf="C06")
    part = next(event.details["part"] for event in stage.events(whole) if event.action == "split")
    scene.known("part", part, brief="分办甲乙")
    merged = scene.opens("merged")
    survivor = scene.opens("survivor", like="merged")
    scene.deed(merged, "merge", stage.agent, into=survivor)
    member, another = scene.opens("member"), scene.opens("another member")
    with stage.cast.hotline.tx() as tx:
        incident = open_incident(tx, stage.agent, [member, another], "C06", "整栋停电，群体甲乙").number
    scene.known("incident", incident, brief="群体甲乙")


def _done(scene: Scene, kind: str) -> None:
    stage = scene.stage
    number = scene.opens(kind)
    stage.does(number, "accept", stage.mender, eta="今天下午")
    stage.does(number, "resolve", stage.mender, text="换了灯")
    if kind.startswith("drawn"):
        with stage.cast.hotline.tx() as tx:
            ticket = store.by_number(tx.session, number, SYSTEM)
            tx.session.add(Sample(batch="第四季度", ticket_id=ticket.id, stratum="匠修 · C", drawn_at=tx.now, drawn_by="命令行"))
