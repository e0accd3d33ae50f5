"""Calls made 回访: what an agent writes down after dialling, and what follows from it, in one transaction.

1 the attempt is kept, and told in the history by the act ``call``
2 somebody answered: what they say is their rating of the round, written down by the agent and tied to the call; a low one has the
  matter taken up again, a good one closes it
3 nobody answered: the next attempt, or after as many as the policy asks the end of it, which counts as nothing at all

Where nothing has been done yet (the limit lapsed), or the resident's own grade is what is asked about, the answers stay with the
attempt and are no rating: they would rate work that was not done, or stand in the place of the resident's own hand.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, time, timedelta

from app import feedback
from app.casework import act
from app.errors import BadInput, Conflict, NotAllowed
from app.hotline import Tx
from app.store import tickets as store
from app.tickets import sampling
from app.tickets.checks import rates_itself
from app.tickets.followup import CALL_OUTCOMES, CallAttempt, CallBack, CallState
from app.tickets.lifecycle import ENDED, Actor, Role
from app.tickets.model import Ticket

ANSWERED, REFUSED, WRONG = "answered", "refused", "wrong"
CALLS_BEGIN = time(9)  # when the first call of another day is made, where the hotline works
LONGEST = 500
A_CALL = 200  # characters of what a call centre calls a call


@dataclass(frozen=True, slots=True)
class Call:
    """What the agent's form says. ``seen``: how many attempts the form showed, so that one attempt is not written down twice."""

    outcome: str
    seen: int
    call_id: str = ""
    note: str = ""
    answers: feedback.Answers | None = None


def record(tx: Tx, task: CallBack, ticket: Ticket, by: Actor, call: Call) -> str:
    """Writes down one attempt and does what follows. Returns a word for what became of it: ``rated``, ``again``, ``kept``,
    ``refused``, ``wrong``, ``later`` or ``unreachable``.

    Raises BadInput (no such outcome, an answered call without its number or answers, a low grade without a reason), Conflict
    (the task is over, or somebody has called meanwhile), NotAllowed (one of the rated contractor).
    """
    _may_record(task, by)
    _understood(call)
    if task.state is not CallState.OPEN:
        raise Conflict("这件回访已经结束", cure="请返回回访列表")
    if task.attempts != call.seen:
        raise Conflict(f"这件回访刚刚有人拨打过（第 {task.attempts} 次）", cure="请看最新的拨打记录，再决定是否继续")
    talked = call.outcome in (ANSWERED, REFUSED, WRONG)
    if not talked and task.next_at is not None and task.next_at > tx.now:
        raise Conflict(f"下次拨打时间是 {tx.hotline.spell(task.next_at)}", cure="到时再拨；这期间接通了可以照常记录")
    _keep(tx, task, by, call)
    if talked:
        task.state = CallState.UNREACHABLE if call.outcome == WRONG else CallState.REACHED
        task.ended_at, task.next_at = tx.now, None
        tx.session.flush()
    said = {"outcome": call.outcome, "call_id": call.call_id, "text": call.note, "attempt": task.attempts}
    act(tx, ticket, "call", by, said | (asdict(call.answers) if call.answers is not None else {}))
    if call.outcome == ANSWERED:
        return _heard(tx, task, ticket, by, call)
    if talked:
        act(tx, ticket, "uncall", by, {"reason": CALL_OUTCOMES[call.outcome]})
        return call.outcome
    return _nobody(tx, task, ticket, by)


def _may_record(task: CallBack, by: Actor) -> None:
    """Never one of those whose work is asked about (方案 二(二)4, 二(八)): not by role, and not by organisation."""
    if by.role is not Role.AGENT:
        raise NotAllowed("只有坐席可以记录回访")
    if rates_itself(by, task.contractor_id):
        raise NotAllowed("被评价单位的人员不能回访")


def _understood(call: Call) -> None:
    if call.outcome not in CALL_OUTCOMES:
        raise BadInput("请选择拨打结果", cure=f"可选：{'、'.join(CALL_OUTCOMES.values())}")
    if len(call.call_id) > A_CALL or len(call.note) > LONGEST:
        raise BadInput("填写的内容过长", cure=f"通话编号不超过 {A_CALL} 字，备注不超过 {LONGEST} 字")
    if call.outcome != ANSWERED:
        if call.answers is not None:
            raise BadInput("没有接通，不能填写诉求人的回答", cure="请核对拨打结果")
        return
    if not call.call_id:
        raise BadInput("接通的回访须填写通话编号", cure="通话编号在话务系统的通话记录里")
    if call.answers is None or call.answers.satisfied not in range(1, 6) or call.answers.solved is None:
        raise BadInput("请填写诉求人对是否解决和满意度的回答", cure="诉求人不愿回答的，拨打结果选“拒绝回访”")
    if len(call.answers.reason) > LONGEST:
        raise BadInput("填写的内容过长", cure=f"原因不超过 {LONGEST} 字")
    call.answers.complete()


def _keep(tx: Tx, task: CallBack, by: Actor, call: Call) -> None:
    task.attempts += 1
    task.calls.append(
        CallAttempt(
            at=tx.now,
            by_id=by.id,
            by_name=by.name,
            outcome=call.outcome,
            call_id=call.call_id,
            note=call.note,
            answers=asdict(call.answers) if call.answers is not None else {},
        )
    )


def _heard(tx: Tx, task: CallBack, ticket: Ticket, by: Actor, call: Call) -> str:
    own = store.rating_of(tx.session, ticket)
    if call.answers is None or ticket.state not in ENDED or own is not None:
        act(tx, ticket, "uncall", by, {"reason": "已回访，回答记在通话记录里，不作为评价"})
        return "kept"
    turn, seq = ticket.round, ticket.seq
    feedback.rate(tx, ticket, call.answers, via="phone", proxy=feedback.Proxy(by, call.call_id))
    if ticket.seq == seq:  # too late to be a rating
        act(tx, ticket, "uncall", by, {"reason": "已过评价期限，回答记在通话记录里"})
        return "kept"
    return "again" if ticket.round > turn else "rated"


def _nobody(tx: Tx, task: CallBack, ticket: Ticket, by: Actor) -> str:
    """Another attempt by the policy, or the end: unreachable, which is never counted as praise."""
    rules, local = tx.hotline.policy.rules, tx.hotline.local_day
    days = len({local(attempt.at) for attempt in task.calls})
    if sampling.is_over(task.attempts, days, rules.callback_attempts, rules.callback_days):
        task.state, task.ended_at, task.next_at = CallState.UNREACHABLE, tx.now, None
        tx.session.flush()
        act(tx, ticket, "uncall", by, {"reason": f"在 {days} 天内拨打 {task.attempts} 次，未接通"})
        return "unreachable"
    task.next_at = tx.now + timedelta(hours=rules.callback_gap_hours)
    if sampling.another_day(task.attempts, days, rules.callback_attempts, rules.callback_days):
        tomorrow = datetime.combine(local(tx.now) + timedelta(days=1), CALLS_BEGIN, tx.hotline.zone)
        task.next_at = max(task.next_at, tomorrow)
    return "later"
