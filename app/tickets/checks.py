"""What cannot be a fact of the table: each check is a function of its own, named in the row it belongs to.

A check answers with one sentence in Chinese when the act is refused, with None when it is not; with one that is ``Late`` where
anybody would be refused as the ticket stands. Where several rows share one, it is written once here.
"""

from __future__ import annotations

from app.tickets.parties import SEALED_GROUPS, Actor, Case, Check, Details, Handler, Late, Role

RETURNS_BY_THE_DESK = 1  # how many returns the desk may decide on; from the next on somebody who may assign bindingly decides


def by_its_handler(case: Case, actor: Actor, details: Details) -> str | None:
    """Contractors and supervisors act only on what they answer for; a supervisor may also step in for a contractor."""
    if actor.role is Role.CONTRACTOR and (case.handler != Handler.CONTRACTOR or case.contractor_id != actor.org):
        return "这张工单不由贵单位承办"
    return None


def by_its_helper(case: Case, actor: Actor, details: Details) -> str | None:
    """Only whoever owes a duty 协办 reports it done."""
    return None if any(duty.open and duty.contractor_id == actor.org for duty in case.duties) else "没有待贵单位完成的协办事项"


def somebody_helps(case: Case, actor: Actor, details: Details) -> str | None:
    return None if any(duty.open for duty in case.duties) else Late("没有正在进行的协办")


def not_its_own_helper(case: Case, actor: Actor, details: Details) -> str | None:
    """Whoever leads 主办 does not assist itself, and is not asked twice for what it has not done yet."""
    helper = int(details.get("helper") or 0)
    if helper and helper == case.contractor_id:
        return "主办单位不能同时协办，请另选一家"
    if helper and any(duty.open and duty.contractor_id == helper for duty in case.duties):
        return Late("该单位已有未完成的协办事项")
    return None


def never_sealed(case: Case, actor: Actor, details: Details) -> str | None:
    """Complaints about a contractor and matters reserved to government never go to one (信访工作条例 art. 30; 方案 二(二))."""
    kept = case.sealed or case.group in SEALED_GROUPS
    return "涉承接主体或政府保留事项，不得派给承接主体，请转主管部门" if kept else None


def by_the_resident(case: Case, actor: Actor, details: Details) -> str | None:
    """Residents act only on their own tickets."""
    if actor.role is Role.RESIDENT and actor.id and str(case.resident_id) != actor.id:
        return "只能操作本人提交的诉求"
    return None


def one_petition_at_a_time(case: Case, actor: Actor, details: Details) -> str | None:
    """Whoever has asked waits for the decision."""
    return Late("已有申请待裁决") if any(asked.state == "open" for asked in case.petitions) else None


DECIDED = {"granted": "由{by}同意", "denied": "由{by}驳回", "moot": "随工单进展失效"}


def asked(kind: str) -> Check:
    """Nothing is decided that nobody asked for, and nothing twice."""

    def somebody_asked(case: Case, actor: Actor, details: Details) -> str | None:
        ours = [petition for petition in case.petitions if petition.kind == kind]
        if any(petition.state == "open" for petition in ours):
            return None
        last = f"，上一份已{DECIDED[ours[-1].state].format(by=ours[-1].decided_by)}" if ours else ""
        return Late(f"没有待裁决的申请{last}")

    return somebody_asked


def not_binding(case: Case, actor: Actor, details: Details) -> str | None:
    """What was assigned bindingly, or kept after a return was refused, is not returned again (潍坊市12345条例 art. 20–22)."""
    return "已指定由贵单位承办，不能再退单" if case.binding else None


def may_judge_return(case: Case, actor: Actor, details: Details) -> str | None:
    """The desk decides on the first return; a later one goes to whoever may assign bindingly."""
    if actor.role is Role.AGENT and case.returns >= RETURNS_BY_THE_DESK:
        return f"已退单 {case.returns} 次，再次退单须由主管部门裁决"
    return None


def may_assign(case: Case, actor: Actor, details: Details) -> str | None:
    """After a second return nobody but whoever may assign bindingly assigns: 踢皮球 ends here."""
    if case.returns > RETURNS_BY_THE_DESK and actor.role is not Role.SUPERVISOR:
        return f"已退单 {case.returns} 次，须由主管部门指定承办单位"
    return None


def still_to_review(case: Case, actor: Actor, details: Details) -> str | None:
    return Late("已经审核通过") if case.reviewed_at is not None else None


def reviewed_before_silence_counts(case: Case, actor: Actor, details: Details) -> str | None:
    """Silence closes only what somebody has reviewed; whoever closes by hand has."""
    if actor.role is Role.SYSTEM and case.reviewed_at is None:
        return Late("办结尚未审核")
    return None


def no_member_yet(case: Case, actor: Actor, details: Details) -> str | None:
    """One ticket goes with one mass incident, and a work order of one goes with none."""
    if case.incident:
        return Late("这是群体事件的主单，不能再并入别的群体事件")
    return Late("已在一个群体事件中，请先退出") if case.follows_id is not None else None


def a_member(case: Case, actor: Actor, details: Details) -> str | None:
    return None if case.follows_id is not None else Late("这张工单不在群体事件中")


def no_incident(case: Case, actor: Actor, details: Details) -> str | None:
    """The one work order of many complainants ends for all of them or for none."""
    return Late("群体事件的主单不能这样处理，请先让各诉求退出") if case.incident else None


def under_supervision(case: Case, actor: Actor, details: Details) -> str | None:
    return None if any(one.answered_at is None for one in case.supervisions) else Late("没有待反馈的督办单")


def desk_reports_its_own(case: Case, actor: Actor, details: Details) -> str | None:
    """Whoever was told to do something answers for it; the desk does not answer for others."""
    return "由承办单位反馈" if actor.role is Role.AGENT and case.handler != Handler.DESK else None


def not_of_the_rated(case: Case, actor: Actor, details: Details) -> str | None:
    """Whoever is rated does not collect the answers (方案 二(二)4, 二(八))."""
    return "被评价单位的人员不能回访" if rates_itself(actor, case.contractor_id) else None


def rates_itself(actor: Actor, contractor_id: int | None) -> bool:
    """Whether somebody belongs to that contractor: by role, or as an agent by organisation. A purchaser's has a reach."""
    if actor.role is Role.CONTRACTOR:
        return True
    return actor.role is Role.AGENT and not actor.reach and actor.org != 0 and actor.org == contractor_id
