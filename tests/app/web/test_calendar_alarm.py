"""Whoever watches is told in November that the next year's holidays are not known, and in January that somebody forgot."""

from __future__ import annotations

from datetime import UTC, datetime

from app import recount
from sla.notices import read_notice
from tests.app.casework.stage import Stage
from tests.app.web.conftest import House
from tests.cast import Cast
from tests.notices_to_come import OF_2027

OCTOBER, NOVEMBER = datetime(2026, 10, 31, 15, 59, tzinfo=UTC), datetime(2026, 10, 31, 16, 0, tzinfo=UTC)  # midnight there
CHRISTMAS, NEW_YEAR = datetime(2026, 12, 24, 1, 0, tzinfo=UTC), datetime(2027, 1, 4, 1, 0, tzinfo=UTC)


def watched(house: House, at: datetime) -> tuple[int, list[str], dict[str, float]]:
    """What /readyz answers and warns of, and the two figures for Prometheus."""
    house.cast.clock.set(at)
    house.cast.tick()
    ready, metrics = house.browse("").get("/readyz"), house.browse("").shown("/metrics")
    figures = dict(line.rsplit(" ", 1) for line in metrics.splitlines() if not line.startswith("#"))
    named = ("calendar_year_missing", "provisional_timers")
    return ready.status_code, ready.json()["warnings"], {name: float(figures[f"hotline_{name}"]) for name in named}


def imported(cast: Cast) -> None:
    with cast.hotline.tx() as tx:
        recount.take_up(tx, read_notice(OF_2027, "txt"), "周主任")


def test_from_the_first_of_november_the_next_year_must_be_known(house: House) -> None:
    assert watched(house, OCTOBER) == (200, [], {"calendar_year_missing": 0, "provisional_timers": 0})
    status, (warning,), figures = watched(house, NOVEMBER)
    assert (status, figures["calendar_year_missing"]) == (200, 1), "a warning turns nothing red"
    assert "2027 年放假安排尚未导入" in warning and "hotline calendar import" in warning
    imported(house.cast)
    assert watched(house, NOVEMBER)[1:] == ([], {"calendar_year_missing": 0, "provisional_timers": 0})


def test_clocks_that_a_notice_may_still_move_are_counted(house: House) -> None:
    house.cast.clock.set(CHRISTMAS)
    stage = Stage(house.cast)
    stage.opens("C16")
    stage.opens("C06")
    assert watched(house, CHRISTMAS)[2] == {"calendar_year_missing": 1, "provisional_timers": 1}
    _, warnings, figures = watched(house, NEW_YEAR)
    assert [warning.split("，")[0] for warning in warnings] == [
        "2027 年放假安排尚未导入",
        "有 1 个在走的时限已进入到期年份",
    ]
    assert figures == {"calendar_year_missing": 1, "provisional_timers": 1}
    imported(house.cast)
    house.cast.clock.set(NEW_YEAR.replace(minute=1))
    assert watched(house, NEW_YEAR.replace(minute=2))[1:] == ([], {"calendar_year_missing": 0, "provisional_timers": 0})


def test_the_board_says_so_to_those_who_supervise(house: House) -> None:
    supervisor, evaluator = house.browse("city"), house.browse("evaluator")
    house.cast.clock.set(OCTOBER)
    assert "放假安排尚未导入" not in supervisor.shown("/board")
    house.cast.clock.set(NOVEMBER)
    assert "2027 年放假安排尚未导入" in supervisor.shown("/board")
    assert "放假安排尚未导入" not in evaluator.shown("/board")
    imported(house.cast)
    assert "放假安排尚未导入" not in supervisor.shown("/board")
