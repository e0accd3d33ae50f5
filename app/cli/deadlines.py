"""``hotline explain GZ…``: a ticket's deadlines, replayed from the log, as a manager reads them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import click

from app.bootstrap import build
from app.errors import BadInput, NotFound
from app.explain import Deadline, Explained, as_data, explain, notes_of
from app.register.table import aligned
from app.store import tickets as store
from app.tickets import numbering, prose
from app.tickets.lifecycle import SYSTEM
from app.worker import last_business_time


def number_of(text: str) -> str | None:
    """The ticket number, where the text is one and nothing else; None for anything else. Raises NotFound for a number that cannot
    be, because its check digit is wrong."""
    plain = "".join(text.split()).upper()
    if not plain.startswith(numbering.PREFIX) or not plain[len(numbering.PREFIX) :].isdigit():
        return None
    if numbering.found_in(plain) != [plain]:
        raise NotFound(f"没有工单 {plain}，编号有误", cure="请核对后重试")
    return plain


def explain_ticket(number: str, target: str, as_json: bool) -> None:
    """Prints how each deadline of a ticket came about; of one target alone where it is named."""
    hotline = build()
    beat = last_business_time(hotline)  # a demonstration's clock may be ahead of ours
    with hotline.look() as tx:
        now = max(tx.now, beat) if beat is not None else tx.now
        ticket = store.by_number(tx.session, number, SYSTEM)
        every = explain(tx, ticket, now)
        found = explain(tx, ticket, now, shown=lambda clock: target in ("", clock.target))
        notes = notes_of(tx, found.deadlines)
    if target and not found.deadlines:
        known = "、".join(dict.fromkeys(f"{one.of.target}（{one.of.name}）" for one in every.deadlines))
        raise BadInput(f"工单 {number} 没有时限“{target}”", cure=f"可选：{known}")
    if as_json:
        click.echo(json.dumps(as_data(found, notes), ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(told(found, notes)))


def told(explained: Explained, notes: Mapping[int, str]) -> Iterator[str]:
    """The lines of the explanation. But for ``notes`` they say the same as long as nothing happens to the ticket."""
    yield f"工单 {explained.number}：{len(explained.deadlines)} 项时限，按流转记录和存档的日历逐笔重算"
    yield _agreement(explained)
    if explained.unwritten:
        yield f"另有 {explained.unwritten} 项时限早于时限台账启用，没有记录可以重算"
    for place, one in enumerate(explained.deadlines, 1):
        yield ""
        yield from _deadline(explained, one, place, notes.get(one.of.n, ""))


def _agreement(explained: Explained) -> str:
    if not explained.agrees:
        wrong = "、".join(f"第{place}项{one.of.name}" for place, one in enumerate(explained.deadlines, 1) if not one.agrees)
        return f"【不一致】{wrong}：当时的记录与重算的结果不同，见标明的各行"
    if not explained.checked:
        return "能重算的都与当时的记录一致；有日历没有存档，相关各行无法验算"
    return "重算结果与当时的记录全部一致" if explained.deadlines else "没有可以重算的时限"


def _deadline(explained: Explained, one: Deadline, place: int, note: str) -> Iterator[str]:
    clock, reckoned, spelling = one.of, one.of.reckoned, one.spelling
    owed = "，".join(word for word in (prose.PARTIES.get(clock.party, clock.party), one.owed_by) if word)
    turn = int(clock.start.get("round", 1))
    yield f"{place}. {clock.name}（{owed}）" + (f"，第 {turn} 轮" if turn > 1 else "")
    yield f"   期限 {spelling.whole(reckoned.due_at)}{_mark(one)}"
    yield f"   结果 {prose.standing(clock, one.result, spelling)}"
    yield f"   时限 {prose.limit(reckoned.budget)}；{one.leaf}"
    yield f"   标准 {one.standard.words}"
    yield f"   日历 {one.calendar or '没有存档'}（版本 {reckoned.calendar}）"
    if note:
        yield f"   {note}"
    yield from _table("经过", ("时间", "何事", "何人", "期限", "核对"), _changes(explained, one))
    if not reckoned.cancelled:
        yield from _table("逐日", ("日期", "性质", "时段", "计入", "累计", "扣除"), _days(one))
    yield from _table("催办与升级", ("时间", "何事", "发现", "告知", "核对"), _steps(one))


def _mark(one: Deadline) -> str:
    reckoned = one.of.reckoned
    decided = "" if reckoned.follows else "（由人决定，不由时限推算）"
    return decided + ("（有日子的放假安排待公布）" if reckoned.provisional else "")


def _changes(explained: Explained, one: Deadline) -> list[tuple[str, ...]]:
    spelling = one.spelling
    return [
        (
            spelling.moment(line.at),
            prose.change(line, one.of, spelling, explained.received_at),
            line.by,
            spelling.moment(line.due),
            prose.verdict(line, spelling),
        )
        for line in one.of.lines
    ]


def _days(one: Deadline) -> list[tuple[str, ...]]:
    days = (prose.day(day, one.of.reckoned.budget, one.pauses, one.spelling) for day in one.days)
    return [(day.day, day.kind, day.hours, day.counts, day.total, day.cuts) for day in days]


def _steps(one: Deadline) -> list[tuple[str, ...]]:
    spelling = one.spelling
    return [
        (
            spelling.moment(step.at),
            prose.step(step),
            prose.noticed(step, spelling),
            prose.told(step),
            prose.step_verdict(step, spelling),
        )
        for step in one.of.fired
    ]


def _table(title: str, heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> Iterator[str]:
    """A table without the columns in which nothing stands."""
    if not rows:
        return
    used = [place for place in range(len(heads)) if any(row[place] for row in rows)]
    yield f"   {title}"
    lines = aligned([heads[place] for place in used], [[row[place] for place in used] for row in rows])
    yield from (f"     {line}" for line in lines)
