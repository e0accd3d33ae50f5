"""Many new rows as one statement: for the sweep, where writing row by row would cost more than everything else it does.

The rows are made like any others, but the session never holds them: what they say is inserted as it stands, with keys reserved
beforehand, so that a notice can name its event. In the transaction of whoever opens it, and nowhere else.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any, cast

from sqlalchemy import Table, bindparam, func, insert, inspect, select, text, update
from sqlalchemy.orm import Session

from app.tickets.model import Message, Ticket, TicketEvent
from app.tickets.post import OutboxRow

Row = TicketEvent | OutboxRow | Message
KINDS = (TicketEvent, OutboxRow, Message)  # in an order in which each finds what it refers to
AHEAD = 100  # keys reserved at a time


class Bulk:
    """New rows of one transaction, written by ``flush``."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._rows: dict[type[Row], list[dict[str, Any]]] = defaultdict(list)
        self._keys: dict[type[Row], list[int]] = defaultdict(list)
        self._alone = session.get_bind().dialect.name == "sqlite"

    def add(self, row: Row) -> None:
        """Gives the row its key, so that others can refer to it, and keeps what it says."""
        kind = type(row)
        if not self._keys[kind]:
            self._keys[kind] = self._reserve(kind)
        row.id = self._keys[kind].pop()
        said = {name: value for name, value in vars(row).items() if name in kind.__table__.columns}
        if row.ticket is not None:
            said["ticket_id"] = row.ticket.id
        if isinstance(row, OutboxRow) and row.event is not None:
            said["event_id"] = row.event.id
        self._rows[kind].append(said)

    def flush(self) -> None:
        """Inserts everything, rows that name the same columns together, and writes what was changed on the tickets."""
        self._write_tickets()
        for kind in KINDS:
            alike: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
            for said in self._rows[kind]:
                alike[tuple(sorted(said))].append(said)
            for rows in alike.values():
                self._insert(cast(Table, kind.__table__), rows)
        self._rows.clear()

    def _insert(self, table: Table, rows: list[dict[str, Any]]) -> None:
        # Into the table, because the ORM would part rows by what is null; with RETURNING on PostgreSQL, because only then are
        # many rows sent in one statement.
        query = insert(table)
        self._session.execute(query if self._alone else query.returning(table.c.id), rows)

    def _write_tickets(self) -> None:
        """The tickets are locked, so their version needs no comparing, which would take a statement each. The session lets go of
        them: whoever wants one of them after this reads it again."""
        table = cast(Table, Ticket.__table__)
        alike: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
        for ticket in [row for row in self._session.dirty if isinstance(row, Ticket)]:
            changed = _changed(ticket)
            if changed:
                alike[tuple(sorted(changed))].append({"_id": ticket.id, "_version": ticket.version + 1, **changed})
            self._session.expunge(ticket)
        for names, rows in alike.items():
            values: dict[str, Any] = {name: bindparam(name) for name in names} | {"version": bindparam("_version")}
            self._session.connection().execute(update(table).where(table.c.id == bindparam("_id")).values(values), rows)

    def _reserve(self, kind: type[Row]) -> list[int]:
        """Keys that nobody else will get, the smallest last. On SQLite a writing transaction is alone, and the next is known."""
        if self._alone:
            last = self._session.scalar(select(func.coalesce(func.max(kind.id), 0))) or 0
            last = max([last, *(said["id"] for said in self._rows[kind][-1:])])
            return list(range(last + AHEAD, last, -1))
        if kind is TicketEvent:  # whoever seals waits for all that have taken a number: app/store/checkpoints.py
            self._session.execute(text("LOCK TABLE ticket_event IN ROW EXCLUSIVE MODE"))
        sequence = func.pg_get_serial_sequence(kind.__tablename__, "id")
        taken = self._session.scalars(select(func.nextval(sequence)).select_from(func.generate_series(1, AHEAD)))
        return sorted(taken, reverse=True)


def _changed(ticket: Ticket) -> dict[str, Any]:
    """The columns of a ticket that say something else than the database does."""
    state = inspect(ticket)
    names = [name for name in state.committed_state if name in state.mapper.column_attrs]
    return {name: getattr(ticket, name) for name in names if state.attrs[name].history.has_changes()}
