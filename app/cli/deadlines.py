"""``hotline explain GZ…``: a ticket's deadlines, replayed from the log, as a manager reads them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

import click

from app.bootstrap import build
from app.errors import BadInput, NotFound
from app.explain import Explained, explain, notes_of
from app.register.table import aligned
from app.retold import Card, agreement, as_data, card, unwritten
from app.store import tickets as store
from app.tickets import numbering
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
    yield agreement(explained)
    if explained.unwritten:
        yield unwritten(explained)
    for place, one in enumerate(explained.deadlines, 1):
        yield ""
        yield from _deadline(card(explained, one, notes.get(one.of.n, "")), place)


def _deadline(one: Card, place: int) -> Iterator[str]:
    yield f"{place}. {one.name}（{one.whose}）"
    yield f"   期限 {one.due}" + (f"（{one.marks}）" if one.marks else "")
    yield f"   结果 {one.result}"
    yield f"   时限 {one.limit}；{one.leaf}"
    yield f"   标准 {one.standard}"
    yield f"   日历 {one.calendar}"
    if one.note:
        yield f"   {one.note}"
    changes = [(row.at, row.what, row.by, row.due, row.verdict) for row in one.changes]
    yield from _table("经过", ("时间", "何事", "何人", "期限", "核对"), changes)
    if not one.cancelled:
        days = [(day.day, day.kind, day.hours, day.counts, day.total, day.cuts) for day in one.days]
        yield from _table("逐日", ("日期", "性质", "时段", "计入", "累计", "扣除"), days)
    steps = [(row.at, row.what, row.due, row.by, row.verdict) for row in one.steps]
    yield from _table("催办与升级", ("时间", "何事", "发现", "告知", "核对"), steps)


def _table(title: str, heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """A table without the columns in which nothing stands."""
    if not rows:
        return
    used = [place for place in range(len(heads)) if any(row[place] for row in rows)]
    yield f"   {title}"
    lines = aligned([heads[place] for place in used], [[row[place] for place in used] for row in rows])
    yield from (f"     {line}" for line in lines)
