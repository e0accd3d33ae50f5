"""Takes register spreadsheets over, whole or not at all.

1. Read every line (``sheets``); 2. make an entry of each and check it against the register (``importers``); 3. raise one
BadSheet with everything that is wrong; 4. put the differences into words; 5. unless it is a rehearsal, keep what differs.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from app.errors import BadInput
from app.register.entries import E, differences
from app.register.importers import Contractors, Contracts, Estates, Importer, Purchasers, Setting
from app.register.importers_people import People, Residents
from app.register.people import PASSWORDS, Passwords
from app.register.sheets import Problems, Row, read_rows
from routing.taxonomy import Taxonomy

KINDS: tuple[str, ...] = ("purchasers", "estates", "contractors", "contracts", "people", "residents")
"""In the order in which they rest on each other."""


def import_sheet(
    session: Session,
    kind: str,
    file: str,
    data: bytes,
    *,
    taxonomy: Taxonomy,
    now: datetime,
    dry_run: bool = False,
    passwords: Passwords = PASSWORDS,
    default_password: str = "",
) -> list[str]:
    """Takes over one CSV or XLSX file of ``kind`` (one of KINDS) and returns the differences in words, none if it is known.

    ``file`` is only what the file is called in messages. What stands in the register and not in the file stays. Raises
    BadFile (BadSheet where several lines are at fault) with file, line and cure, and then nothing was changed; BadInput for
    an unknown kind. ``dry_run`` changes nothing either way.
    """
    setting = Setting(taxonomy, now, passwords, default_password)
    if kind == "purchasers":
        return _take_over(Purchasers(session, setting), file, data, dry_run)
    if kind == "contractors":
        return _take_over(Contractors(session, setting), file, data, dry_run)
    if kind == "estates":
        return _take_over(Estates(session, setting), file, data, dry_run)
    if kind == "contracts":
        return _take_over(Contracts(session, setting), file, data, dry_run)
    if kind == "people":
        return _take_over(People(session, setting), file, data, dry_run)
    if kind == "residents":
        return _take_over(Residents(session, setting), file, data, dry_run)
    raise BadInput(f"不能导入“{kind}”", cure="可导入：" + "、".join(KINDS))


def _take_over(importer: Importer[E], file: str, data: bytes, dry_run: bool) -> list[str]:
    problems = Problems(file)
    rows = read_rows(importer.sheet, file, data, problems)
    known = importer.known()
    entries = _entries(importer, rows, known, problems)
    importer.check(entries, problems)
    problems.settle()
    said = {row.line: differences(importer.sheet, known.get(importer.key(row)), entry, row.line) for row, entry in entries}
    if not dry_run:
        changed = [entry for row, entry in entries if said[row.line]]
        for entry in importer.in_order(changed):
            importer.keep(entry, known.get(getattr(entry, importer.sheet.key)))
        importer.session.flush()
    return [words for words in said.values() if words]


def _entries(
    importer: Importer[E],
    rows: list[Row],
    known: Mapping[str, E],
    problems: Problems,
) -> list[tuple[Row, E]]:
    """The entries of the sound lines; a line with an empty required cell has been complained of already."""
    faulty = {problem.line for problem in problems.found}
    entries: list[tuple[Row, E]] = []
    for row in rows:
        if row.line in faulty:
            continue
        try:
            entries.append((row, importer.entry(row, known.get(importer.key(row)))))
        except BadInput as refusal:
            problems.add_refusal(row.line, refusal)
    return entries
