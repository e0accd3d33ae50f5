"""Who and where: states of a ticket, roles of people, who answers for it; the words that rules and checks are written in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol


class State(StrEnum):
    """工单状态. 临期, 超期, 已升级, 已催办 are not states: they are read off the timers and events."""

    RECEIVED = "received"
    DISPATCHED = "dispatched"
    IN_PROGRESS = "in_progress"
    ON_HOLD = "on_hold"
    RETURNED = "returned"
    RESOLVED = "resolved"
    CLOSED = "closed"
    REJECTED = "rejected"
    MERGED = "merged"


STATE_NAMES: Mapping[State, str] = {
    State.RECEIVED: "待受理",
    State.DISPATCHED: "待签收",
    State.IN_PROGRESS: "办理中",
    State.ON_HOLD: "挂起",
    State.RETURNED: "退单待改派",
    State.RESOLVED: "待审核/回访",
    State.CLOSED: "已归档",
    State.REJECTED: "不予受理",
    State.MERGED: "已并单",
}


class Role(StrEnum):
    """角色: as whom somebody acts."""

    RESIDENT = "resident"
    AGENT = "agent"
    CONTRACTOR = "contractor"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"
    EVALUATOR = "evaluator"
    SYSTEM = "system"


ROLE_NAMES: Mapping[Role, str] = {
    Role.RESIDENT: "诉求人",
    Role.AGENT: "坐席",
    Role.CONTRACTOR: "承接主体",
    Role.SUPERVISOR: "主管部门",
    Role.ADMIN: "管理员",
    Role.EVALUATOR: "第三方",
    Role.SYSTEM: "系统",
}


SEALED_GROUPS = ("G", "R")  # 政府保留, 涉承接主体: never a contractor's


class Handler(StrEnum):
    """Who answers for a ticket now."""

    DESK = "desk"
    CONTRACTOR = "contractor"
    PURCHASER = "purchaser"


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody acting or looking. ``org`` is the contractor's or purchaser's id, 0 where there is none; ``reach`` is the
    purchaser's whole subtree (省 → 市 → 县)."""

    role: Role
    id: str = ""
    name: str = ""
    org: int = 0
    reach: frozenset[int] = frozenset()


SYSTEM = Actor(Role.SYSTEM, "system", "系统")


class Case(Protocol):
    """What the checks may look at."""

    state: Any
    round: Any
    handler: Any
    sealed: Any
    group: Any
    urgency: Any
    contractor_id: Any
    purchaser_id: Any
    resident_id: Any
    petitions: Any
    duties: Any
    supervisions: Any
    binding: Any
    returns: Any
    reviewed_at: Any
    follows_id: Any
    incident: Any


Details = Mapping[str, Any]


class Late(str):
    """Words of a refusal for how things stand now, not for who asks: somebody was first, or nobody has asked yet."""

    __slots__ = ()


Check = Callable[[Case, Actor, Details], str | None]
