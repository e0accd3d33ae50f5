"""``hotline calendar``: a notice is shown before it is imported, refused with line and cure, imported once; a year as people
work it.

Commands run on the time of today, so the notice is of a year that no test will live to see; a worker's beat says what time it is.
"""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import func, select

from app.policy import Policy
from app.register.model import CalendarVersion, Fact, HolidayNotice
from app.register.organisations import REVISION
from app.store import tickets as store
from app.tickets.lifecycle import SYSTEM
from app.tickets.model import Ticket, TicketEvent, Timer
from app.worker import Worker
from routing.classify import Model
from sla.notices import read_notice
from tests.app.casework.stage import Stage
from tests.app.cli.conftest import Terminal, raise_town
from tests.databases import SqliteFiles
from tests.notices_to_come import OF_2027, OF_2098
from tests.processes import ROOT

pytestmark = pytest.mark.slow  # many commands: in `make test`, not in `make fast`

BOXING_DAY = datetime(2097, 12, 26, 1, 0, tzinfo=UTC)  # Thursday, 09:00
MOVES, STAYS = "C11", "C06"  # five working days: from 3 January, a Friday, to the 5th; and three
OLD, NEW = "2098-01-03T09:30:00+00:00", "2098-01-05T09:30:00+00:00"


@dataclass
class Eve:
    """A town where somebody is about to import a notice that moves the deadline of one ticket, and leaves another's."""

    terminal: Terminal
    stage: Stage
    file: Path
    moves: str
    stays: str

    def said(self, *words: str, **settings: str) -> str:
        return self.terminal.done("calendar", *words, **settings)

    def json(self, *words: str) -> Any:
        return self.terminal.json("calendar", *words)

    def due(self, number: str) -> str:
        return self.stage.clock_of(number, "resolve").due_at.isoformat()

    def everything(self) -> list[Any]:
        """What an import may write."""
        with self.stage.cast.hotline.look() as tx:
            rows = [
                tuple(getattr(row, column.key) for column in row.__table__.columns)
                for kind in (HolidayNotice, Ticket, Timer, TicketEvent)
                for row in tx.session.scalars(select(kind).order_by(kind.id))
            ]
            revision = tx.session.scalar(select(Fact.number).where(Fact.key == REVISION))
            kept = tx.session.scalar(select(func.count()).select_from(CalendarVersion))
        return [*rows, revision, kept]


@pytest.fixture
def eve(policy: Policy, model: Model, sqlite: SqliteFiles, tmp_path: Path) -> Iterator[Eve]:
    with raise_town(policy, model, sqlite.create(), tmp_path) as (terminal, stage):
        stage.cast.clock.set(BOXING_DAY)
        moves, stays = stage.opens(MOVES), stage.opens(STAYS)
        Worker(stage.cast.hotline).beat()
        file = tmp_path / "2098.txt"
        file.write_text(OF_2098, encoding="utf-8")
        yield Eve(terminal, stage, file, moves, stays)


# --- diff ---------------------------------------------------------------------------------------------------------------


def test_the_difference_is_days_then_deadlines_then_sums(eve: Eve) -> None:
    before = eve.everything()
    lines = eve.said("diff", str(eve.file)).splitlines()
    assert lines[0] == "2098 年：国务院办公厅关于2098年部分节假日安排的通知"
    assert lines[1].strip() == "此前：尚未公布，按法定假日推算"
    days = [line.strip() for line in lines if line.startswith("  2098-")]
    assert "2098-01-02 周四 放假（元旦）" in days and "2098-01-05 周日 上班（元旦调休上班）" in days
    assert not any(day.startswith("2098-01-01") for day in days), "off by law, notice or not"
    (moved,) = [line for line in lines if eve.moves in line]
    assert moved.strip() == f"{eve.moves}  办结  2098年1月3日 17:30 → 2098年1月5日 17:30  推迟 7小时工作时间"
    assert lines[-1] == "共移动 1 个期限：办结 推迟 1、提前 0"
    assert not any(eve.stays in line for line in lines)
    assert eve.everything() == before


def test_the_same_as_json(eve: Eve) -> None:
    found = eve.json("diff", str(eve.file))
    assert found["moves"] == [
        {"number": eve.moves, "target": "resolve", "name": "办结", "was": OLD, "due": NEW, "working_minutes": 420.0}
    ]
    assert found["totals"] == [{"target": "resolve", "name": "办结", "later": 1, "earlier": 0}]
    assert {"date": "2098-01-05", "weekday": "周日", "works": True, "name": "元旦调休上班"} in found["days"]
    assert (found["unchanged"], found["applied"], found["strays"]) == (False, False, 0)
    assert eve.json("import", str(eve.file), "--dry-run") == found


# --- import -------------------------------------------------------------------------------------------------------------


def test_an_import_shows_asks_and_moves(eve: Eve) -> None:
    said = eve.said("import", str(eve.file), "--yes", "--by", "周主任")
    assert said.index("会移动的期限") < said.index("已完成：1 张工单的 1 个期限移动并已告知")
    assert eve.due(eve.moves) == NEW
    event = eve.stage.events(eve.moves)[-1]
    assert (event.action, event.details["asked_by"]) == ("recount", "周主任")
    assert event.noticed_at >= BOXING_DAY, "on the time of the worker's beat, not of today"
    with eve.stage.cast.hotline.look() as tx:
        row = tx.session.scalars(select(HolidayNotice)).one()
        assert (row.year, row.imported_by) == (2098, "周主任")
        kept = set(tx.session.scalars(select(CalendarVersion.version)))
        open_clocks = tx.session.scalars(select(Timer).where(Timer.stopped_at.is_(None))).all()
        assert {timer.calendar for timer in open_clocks} | {timer.hours for timer in open_clocks} <= kept
        assert {held.version for held in tx.promises.sla.calendars.values()} <= kept


def test_the_running_hotline_takes_it_up_without_a_restart(eve: Eve) -> None:
    assert eve.due(eve.stage.opens(MOVES)) == OLD
    eve.said("import", str(eve.file), "--yes")
    fresh = eve.stage.opens(MOVES)
    assert eve.due(fresh) == NEW


def test_the_same_notice_again_is_no_change(eve: Eve) -> None:
    eve.said("import", str(eve.file), "--yes")
    before = eve.everything()
    assert "没有变化" in eve.said("import", str(eve.file)), "nothing to ask about"
    assert eve.json("import", str(eve.file))["unchanged"] is True
    assert eve.everything() == before


def test_what_came_with_the_program_is_no_change(eve: Eve, tmp_path: Path) -> None:
    file = tmp_path / "2026.toml"
    shipped = (ROOT / "sla" / "holidays_cn.toml").read_text(encoding="utf-8")
    file.write_text("[[year]]\n" + shipped.split("[[year]]\n")[-1], encoding="utf-8")
    before = eve.everything()
    assert "没有变化" in eve.said("import", str(file), "--yes")
    assert eve.everything() == before


def test_without_a_terminal_nothing_is_changed_unless_told_so(eve: Eve) -> None:
    before = eve.everything()
    for extra in ((), ("--json",)):
        result: Result = eve.terminal.run("calendar", "import", str(eve.file), *extra, typed="y\n")
        assert result.exit_code == 2 and "--yes" in result.stderr and "什么都没有改变" in result.stderr
        assert eve.moves in result.stdout
    assert eve.everything() == before


@pytest.mark.parametrize(("answer", "code"), [("n\n", 1), ("y\n", 0)])
def test_at_a_terminal_it_asks(eve: Eve, answer: str, code: int) -> None:
    master, slave = pty.openpty()
    env = {name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_")}
    env |= {"HOTLINE_DATA_DIR": str(eve.terminal.folder), "HOTLINE_DATABASE_URL": eve.terminal.settings["DATABASE_URL"]}
    command = [sys.executable, "-m", "app", "calendar", "import", str(eve.file)]
    os.write(master, answer.encode())
    done = subprocess.run(command, cwd=ROOT, env=env, stdin=slave, capture_output=True, text=True, timeout=60, check=False)
    os.close(slave)
    os.close(master)
    assert (done.returncode, "导入这份放假安排" in done.stderr) == (code, True), done.stderr
    assert done.stdout.index(eve.moves) >= 0
    assert ("没有确认" in done.stderr) == bool(code)
    assert eve.due(eve.moves) == (OLD if code else NEW)


def test_who_imports_is_the_user_of_the_system_unless_said(eve: Eve) -> None:
    eve.terminal.done("calendar", "import", str(eve.file), "--yes")
    with eve.stage.cast.hotline.look() as tx:
        assert tx.session.scalars(select(HolidayNotice.imported_by)).one() != ""


# --- files that cannot be right -----------------------------------------------------------------------------------------

BAD: list[tuple[str, bytes, str, str]] = [
    ("a.txt", OF_2098.replace("1月2日", "1月2日至", 1).replace("至2日（周四）", "至4日（周四）").encode(), "第2行", "核对"),
    ("b.txt", OF_2098.replace("（周三）", "（周五）").encode(), "第2行", "核对日期和年份"),
    ("c.csv", "日期,名称,安排\n2098-01-01,元旦,放假\n2098-13-01,元旦,放假\n".encode(), "第3行", "改正日期"),
    ("d.json", b'{"year": 2098,\n "days": [}', "第2行", "检查这一行"),
    ("e.toml", b"[[year]]\nyear = 2098\n", "第1行", "notice"),
    ("f.txt", "元旦放假".encode(), "第1行", "保留标题"),
    ("g.txt", OF_2098.encode() + b"\xff\xff", "第9行", "UTF-8"),
    ("h.md", OF_2098.encode(), "h.md", "--form"),
    ("i.csv", b"", "第1行", "日期"),
]


@pytest.mark.parametrize(("name", "content", "line", "cure"), BAD, ids=[name for name, *_ in BAD])
def test_a_file_that_cannot_be_right_is_refused_by_line_and_cure(
    eve: Eve, tmp_path: Path, name: str, content: bytes, line: str, cure: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    before = eve.everything()
    for words in (("import", str(file), "--yes"), ("diff", str(file))):
        said = eve.terminal.refused("calendar", *words)
        assert str(file) in said and line in said and cure in said
    assert eve.everything() == before


def test_days_off_that_do_not_come_to_what_the_law_gives_are_doubted_and_not_refused(eve: Eve, tmp_path: Path) -> None:
    """Laws change, and whoever imports has the notice before them."""
    sound = read_notice(OF_2098, "txt")
    extra = next(day for day in sorted(sound.work))  # one weekend day less is worked for it
    rows = [f"{day},{name},放假" for day, name in sorted(sound.off.items())]
    rows += [f"{day},{name.removesuffix('调休上班')},上班" for day, name in sorted(sound.work.items()) if day != extra]
    file = tmp_path / "generous.csv"
    file.write_text("\n".join(["日期,名称,安排", *rows]), encoding="utf-8")
    shown = eve.terminal.run("calendar", "diff", str(file))
    assert shown.exit_code == 0 and shown.stdout
    assert shown.stderr.startswith("请核对：") and "依法应为 13 天" in shown.stderr
    done = eve.terminal.run("calendar", "import", str(file), "--yes")
    assert done.exit_code == 0 and "请核对" in done.stderr
    assert str(extra) not in eve.terminal.done("calendar", "show", "2098")


def test_a_file_that_is_not_there_is_a_sentence(eve: Eve, tmp_path: Path) -> None:
    assert "无法使用" in eve.terminal.refused("calendar", "import", str(tmp_path / "none.txt"))
    assert "目录" in eve.terminal.refused("calendar", "diff", str(tmp_path), "--form", "txt")


# --- a changed calendars.toml -------------------------------------------------------------------------------------------


@pytest.fixture
def longer_hours(tmp_path: Path) -> Path:
    """The shipped policy, at whose desk people work an hour longer every day."""
    copy = tmp_path / "policy"
    for file in (ROOT / "app" / "policy").rglob("*.toml"):
        there = copy / file.relative_to(ROOT / "app" / "policy")
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_text(file.read_text(encoding="utf-8").replace('["14:00", "17:30"]', '["14:00", "18:30"]'), encoding="utf-8")
    return copy


def test_changed_hours_move_nothing_until_somebody_asks(eve: Eve, longer_hours: Path) -> None:
    Worker(eve.stage.cast.hotline).recount()
    assert "没有变化" in eve.said("diff")
    lines = eve.said("diff", POLICY=str(longer_hours)).splitlines()
    assert "日历“热线工作时间”：工作时间调整" in lines
    assert any(eve.moves in line and "推迟 1小时工作时间" in line for line in lines), lines
    assert eve.due(eve.moves) == OLD
    refused = eve.terminal.run("calendar", "recount", POLICY=str(longer_hours))
    assert refused.exit_code == 2 and eve.due(eve.moves) == OLD
    eve.said("recount", "--yes", POLICY=str(longer_hours))
    assert eve.due(eve.moves) == "2098-01-03T10:30:00+00:00"
    assert eve.stage.events(eve.moves)[-1].details["reason"] == "工作时间调整"
    assert "没有变化" in eve.said("recount", POLICY=str(longer_hours))


def test_a_notice_moves_clocks_under_the_hours_that_they_have(eve: Eve, longer_hours: Path) -> None:
    eve.said("import", str(eve.file), "--yes", POLICY=str(longer_hours))
    assert eve.due(eve.moves) == NEW, "to 17:30: the longer hours were promised to nobody"
    fresh = eve.stage.opens(MOVES)
    assert eve.due(fresh) == NEW
    with eve.stage.cast.hotline.look() as tx:
        ticket = store.by_number(tx.session, fresh, SYSTEM)
        assert all(tx.promises.kept(timer.calendar) for timer in ticket.timers), "kept, whoever counts on it"


# --- show ---------------------------------------------------------------------------------------------------------------


def test_a_published_year_is_shown_as_people_read_it(eve: Eve) -> None:
    lines = eve.said("show", "2026").splitlines()
    assert lines[:2] == ["2026 年 · 热线工作时间", "来源：随附：国务院办公厅关于2026年部分节假日安排的通知"]
    assert not any("暂定" in line for line in lines)
    (spring,) = [line for line in lines if line.startswith("春节")]
    assert "2026-02-15 周日 至 2026-02-23 周一" in spring and "9 天" in spring
    assert "2026-02-14 周六、2026-02-28 周六" in spring
    found = eve.json("show", "2026")
    february = found["months"][1]
    assert february == {"month": 2, "working_days": 16, "working_hours": 112.0}
    assert (found["working_days"], found["provisional"]) == (248, False)
    assert found["working_hours"] == 248 * 7


def test_an_unpublished_year_is_marked_and_an_imported_one_says_by_whom(eve: Eve) -> None:
    before = eve.said("show", "2098")
    assert "【暂定】" in before and "来源：尚未公布，按法定假日推算" in before
    assert eve.json("show", "2098")["provisional"] is True
    eve.said("import", str(eve.file), "--yes", "--by", "周主任")
    after = eve.said("show", "2098")
    assert "【暂定】" not in after and "周主任" in after and "来源：导入：国务院办公厅关于2098年" in after
    assert "2098-01-01 周三 至 2098-01-02 周四" in after and "2098-01-05 周日" in after


def test_a_calendar_that_never_sleeps_has_no_holidays(eve: Eve) -> None:
    found = eve.json("show", "2027", "--calendar", "全天候")
    assert (found["holidays"], found["working_days"], found["working_hours"]) == ([], 365, 365 * 24.0)
    assert found["provisional"] is False
    assert "service" in eve.terminal.refused("calendar", "show", "2026", "--calendar", "没有")


def test_an_older_encoding_is_read(eve: Eve, tmp_path: Path) -> None:
    for name, encoding in (("g.txt", "gb18030"), ("b.txt", "utf-8-sig")):
        (tmp_path / name).write_bytes(OF_2098.encode(encoding))
        assert [one["number"] for one in eve.json("diff", str(tmp_path / name))["moves"]] == [eve.moves]
    (tmp_path / "words").write_text(OF_2098, encoding="utf-8")
    assert eve.json("diff", str(tmp_path / "words"), "--form", "txt")["moves"]


def test_other_years_move_nothing_here(eve: Eve, tmp_path: Path) -> None:
    file = tmp_path / "2027.txt"
    file.write_text(OF_2027, encoding="utf-8")
    lines = eve.said("import", str(file), "--yes").splitlines()
    assert "没有期限移动" in lines and eve.due(eve.moves) == OLD
    Worker(eve.stage.cast.hotline).tick()
    eve.stage.cast.clock.advance(timedelta(days=1))
    assert json.loads(eve.said("diff", "--json"))["unchanged"] is True
