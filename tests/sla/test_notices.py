"""Holiday notices in every form people hand in: all forms say the same, and one that cannot be right is refused with its line."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from importlib.resources import files

import pytest

from sla.calendar import CalendarError, WorkCalendar
from sla.notices import FORMS, BadNotice, Unlawful, read_notice
from sla.schedule import Schedule, published
from tests.sla.notice_texts import OF_2019, OF_2023, OF_2024, OF_2025, OF_2026, TEXTS, TITLE

SHIPPED = files("sla").joinpath("holidays_cn.toml").read_text(encoding="utf-8")
BEFORE, _, REST = SHIPPED.partition("[by_law.fixed]")
TOML = BEFORE + "[[year]]" + REST.partition("[[year]]")[2]
WEEK = {"mon": [["09:00", "17:00"]], "tue": "mon", "wed": "mon", "thu": "mon", "fri": "mon"}


def of(year: int) -> tuple[dict[date, str], dict[date, str]]:
    """What ships for one year: days off, days worked."""
    known = published("CN")
    return {d: n for d, n in known.off.items() if d.year == year}, {d: n for d, n in known.work.items() if d.year == year}


def as_toml(year: int) -> str:
    """The block of one year, cut out of the shipped file."""
    blocks = [block for block in TOML.split("[[year]]") if f"\nyear = {year}" in block]
    return "[[year]]" + blocks[0]


def as_csv(year: int) -> str:
    off, work = of(year)
    rows = [f"{day},{name},放假" for day, name in off.items()]
    rows += [f"{day},{name.removesuffix('调休上班')},上班" for day, name in work.items()]
    return "日期,名称,安排\n" + "\n".join(sorted(rows)) + "\n"


def as_english_csv(year: int) -> str:
    words = {"日期": "date", "名称": "name", "安排": "kind", "放假": "off", "调休上班": "", "上班": "work"}
    text = as_csv(year)
    for chinese, english in words.items():
        text = text.replace(chinese, english)
    return "\ufeff" + text.replace(",", "\t").replace("\n", "\r\n")


def as_json(year: int) -> str:
    off, work = of(year)
    days = [{"name": name, "date": str(day), "isOffDay": True} for day, name in off.items()]
    days += [{"name": name.removesuffix("调休上班"), "date": str(day), "isOffDay": False} for day, name in work.items()]
    days.sort(key=lambda entry: str(entry["date"]))
    return json.dumps({"year": year, "papers": ["…"], "days": days}, ensure_ascii=False, indent=4)


READ: list[tuple[str, Callable[[int], str]]] = [
    ("txt", TEXTS.__getitem__),
    ("toml", as_toml),
    ("csv", as_csv),
    ("csv", as_english_csv),
    ("json", as_json),
]


@pytest.mark.parametrize("year", [2024, 2025, 2026])
@pytest.mark.parametrize(("form", "written"), READ, ids=["txt", "toml", "csv", "csv-english", "json"])
def test_each_form_says_what_is_shipped(form: str, written: Callable[[int], str], year: int) -> None:
    found = read_notice(written(year), form)
    assert (dict(found.off), dict(found.work)) == of(year)
    assert dict(found.years) == {year: published("CN").years[year]}
    assert published("CN").with_years(found).version == published("CN").version


def test_every_form_has_a_reader() -> None:
    assert {form for form, _ in READ} == set(FORMS)
    with pytest.raises(CalendarError, match="txt"):
        read_notice(OF_2026, "docx")


def test_several_years_at_once() -> None:
    found = read_notice(TOML, "toml")
    assert list(found.years) == [2024, 2025, 2026] and found.off == published("CN").off
    table = as_csv(2024) + as_csv(2025).partition("\n")[2]
    assert list(read_notice(table, "csv").years) == [2024, 2025]


VARIANTS: dict[str, Callable[[str], str]] = {
    "one paragraph": lambda text: text.replace("\n", ""),
    "wrapped anywhere": lambda text: "\n".join(text[place : place + 17] for place in range(0, len(text), 17)),
    "half-width": lambda text: text.replace("（", "(").replace("）", ")").replace("：", ":").replace("，", ","),
    "full-width digits": lambda text: text.translate(str.maketrans("0123456789", "０１２３４５６７８９")),
    "blanks around numbers": lambda text: text.replace("月", " 月 ").replace("日", " 日 "),
    "blank lines": lambda text: text.replace("\n", "\n\n"),
    "dashes": lambda text: text.replace("至", "—"),
    "no numbers before the names": lambda text: text.replace("一、", "").replace("二、", "").replace("七、", ""),
    "arabic numbers": lambda text: text.replace("一、", "1.").replace("二、", "2．"),
    "星期": lambda text: text.replace("（周", "（星期"),
    "commas for full stops": lambda text: text.replace("天。", "天，"),
    "和 between make-up days": lambda text: text.replace("）、", "）和"),
    "windows": lambda text: text.replace("\n", "\r\n"),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_however_it_was_pasted(variant: str) -> None:
    text = OF_2025 if variant in ("one paragraph", "wrapped anywhere", "blank lines") else OF_2025.replace("\n六", "\n七")
    found = read_notice(VARIANTS[variant](text), "txt")
    assert (dict(found.off), dict(found.work)) == of(2025)


def test_a_second_make_up_day_may_leave_out_the_month() -> None:
    text = OF_2026.replace("2月14日（周六）、2月28日\n（周六）", "2月14日（周六）、28日（周六）")
    assert read_notice(text, "txt").work == of(2026)[1]


def test_new_year_may_begin_in_the_old_one() -> None:
    found = read_notice(OF_2023, "txt")
    assert date(2022, 12, 31) in found.off and list(found.years) == [2023]
    found = read_notice(OF_2019, "txt")
    assert [day for day in found.off if day.year == 2018] == [date(2018, 12, 30), date(2018, 12, 31)]
    assert found.work[date(2018, 12, 29)] == "元旦调休上班"
    known = published("CN").with_years(found)
    calendar = WorkCalendar.build("热线", "Asia/Shanghai", WEEK, "CN").with_schedule(known)
    assert not calendar.hours(date(2018, 12, 31)) and calendar.hours(date(2018, 12, 29))
    assert calendar.settled(date(2018, 12, 31)) and not calendar.settled(date(2018, 12, 28))


def test_a_change_of_the_law_can_still_be_brought_in() -> None:
    """Should the law give another day off, it is doubted until the program knows, and read all the same by whoever insists."""
    more = as_toml(2026).replace("to = 2026-06-21", "to = 2026-06-22")
    assert date(2026, 6, 22) in read_notice(more, "toml").off
    table = as_csv(2026) + "2026-06-22,端午节,放假\n"
    with pytest.raises(Unlawful, match="可以不管"):
        read_notice(table, "csv")
    assert date(2026, 6, 22) in read_notice(table, "csv", by_law=False).off


def test_a_corrected_notice_takes_back_its_days_in_december() -> None:
    first = published("CN").with_years(read_notice(OF_2019, "txt"))
    earlier = Schedule("CN", {date(2018, 1, 1): "元旦"}, {}, {2018: "测试用的通知"})
    assert date(2018, 12, 31) in first.with_years(earlier).off, "the year before leaves them alone"
    short = OF_2019.replace("12月30日至1月1日放假调休，共3天。12月29日（星期六）上班。", "1月1日放假。")
    corrected = first.with_years(read_notice(short, "txt"))
    assert date(2018, 12, 31) not in corrected.off and date(2018, 12, 29) not in corrected.work


Wrong = tuple[str, str, str, int, str]  # form, what is replaced, by what, the line, words of the message

WRONG_TEXT: list[tuple[str, str, int, str]] = [
    ("1月1日（周四）", "1月1日（周五）", 7, "不是周五"),
    ("至6日（周一）", "至6日（周二）", 10, "不是周二"),
    ("1月4日（周日）上班", "1月4日（周六）上班", 7, "不是周六"),
    ("放假调休，共3天", "放假调休，共4天", 7, "却是 3 天"),
    ("放假，共3天", "放假，共三十天", 10, "却是 3 天"),
    ("5月9日（周六）", "5月8日（周五）", 11, "本来就上班"),
    ("关于2026年\n", "关于2027年\n", 7, "不是周四"),
    ("国务院办公厅关于2026年\n部分节假日安排的通知", "", 1, "哪一年"),
    ("部分节假日安排的通知", "部分节假日安排的通知，关于2025年部分节假日安排的通知", 1, "2025、2026"),
    ("二、春节", "二、新春", 14, "没有春节"),
    ("七、国庆节", "七、十月", 14, "没有国庆"),
    (
        "一、元旦：1月1日（周四）至3日（周六）放假调休，共3天",
        "一、元旦：1月2日（周五）至3日（周六）放假调休，共2天",
        14,
        "不含 1 月 1 日",
    ),
    ("2月28日\n（周六）", "2月30日\n（周六）", 8, "没有 2026 年 2 月 30 日"),
    ("2月28日\n（周六）", "2月14日\n（周六）", 8, "出现了两次"),
    ("2月28日\n（周六）", "2月15日\n（周日）", 8, "既放假又上班"),
    ("9月25日（周五）至27日（周日）放假，共3天", "9月25日（周五）至9月20日（周日）放假", 13, "起止"),
    ("（周五）至21日（周日）放假，共3天", "（周五）至21日（周日）", 12, "读不懂"),
    ("5月9日（周六）上班", "5月9日（周六）另行通知", 11, "读不懂"),
    ("共5天。5月9日", "共5天。补9天。5月9日", 11, "读不懂"),
    ("1月1日（周四）至", "1日（周四）至", 7, "没有写月份"),
    ("五、端午节：", "端午安康，", 12, "两处放假"),
    ("国务院办公厅\n", "国务院办公厅\n另外12月24日放假。\n", 17, "哪个节日"),
    ("2月14日（周六）、", "2027年2月14日（周日）、", 8, "不在 2026 年"),
    ("1月4日（周日）上班", "12月14日（周日）上班", 7, "元旦不会牵涉"),
    ("5月1日（周五）至5日（周二）放假调休，共5天。", "", 11, "没有写哪天放假"),
    ("5月9日（周六）上班。", "", 11, "“劳动节”有误：2026 年放假的工作日减去调休上班的周末是 14 天，依法应为 13 天"),
    ("、10月10日（周六）", "", 14, "“国庆节”有误"),
    ("6月19日（周五）至21日（周日）放假，共3天", "6月20日（周六）至21日（周日）放假，共2天", 12, "“端午节”有误"),
    ("、10月10日（周六）", "、1月10日（周六）", 14, "离“国庆节”太远"),
    ("　　六、中秋节：9月25日（周五）至27日（周日）放假，共3天。\n", "", 13, "没有中秋"),
]


@pytest.mark.parametrize(("right", "wrong", "line", "said"), WRONG_TEXT)
def test_words_that_cannot_be_right(right: str, wrong: str, line: int, said: str) -> None:
    assert right in OF_2026
    refused(OF_2026.replace(right, wrong, 1), "txt", line, said)


WRONG_FILES: list[tuple[str, str, str, int, str]] = [
    ("toml", "year = 2026", "year = ", 2, "TOML"),
    ("toml", "year = 2026", "year = true", 1, "年份"),
    ("toml", "year = 2026", "year = 2027", 5, "不在 2027 年"),
    ("toml", "notice = ", "source = ", 1, "不认识"),
    ("toml", 'notice = "', 'notice = "" # "', 1, "哪份通知"),
    ("toml", 'name = "春节"', 'naem = "春节"', 6, "不认识"),
    ("toml", "from = 2026-04-04", 'from = "2026-04-04"', 7, "不是日期"),
    ("toml", "to = 2026-04-06", "to = 2026-04-01", 7, "起止"),
    ("toml", "work = [2026-05-09]", "work = 2026-05-09", 8, "上班日"),
    ("toml", "2026-05-09", "2026-05-08", 8, "本来就上班"),
    ("toml", "2026-09-20", "2026-09-26", 11, "既放假又上班"),
    ("toml", "[[year]]", 'country = "XX"\n[[year]]', 1, "CN"),
    ("toml", "[[year]]", "[by_law]\n[[year]]", 1, "法定节日"),
    ("toml", "[[year]]", "[year]", 1, "一组表"),
    ("toml", "holiday = [", "holiday = []\nrest = [", 1, "rest"),
    ("csv", "日期,名称,安排", "日期，名称，安排", 1, "缺少列名"),
    ("csv", "日期,名称,安排", "日期,名称,日期", 1, "写了两次"),
    ("csv", "2026-01-02", "2026-13-02", 3, "这一天"),
    ("csv", "2026-01-02", "一月二日", 3, "不是日期"),
    ("csv", "2026-01-02,元旦", "2026-01-02,", 3, "没有节日名称"),
    ("csv", "2026-01-02,元旦,放假", "2026-01-02,元旦,休", 3, "放假 或 上班"),
    ("csv", "2026-01-02", "2026-01-01", 3, "出现了两次"),
    ("csv", "2026-01-02,元旦", "2026-01-02", 3, "安排"),
    ("csv", "2026-02-20", "2026-02-03", 7, "缺 2026-02-04"),
    ("json", '"year": 2026,', '"year": 2026', 3, "JSON"),
    ("json", '"year": 2026,', "", 1, "哪一年"),
    ("json", '"year": 2026', '"year": 2027', 7, "不在 2027 年"),
    ("json", '"days"', '"day"', 1, "days"),
    ("json", '"date": "2026-01-02"', '"day": "2026-01-02"', 12, "不是日期"),
    ("json", '"date": "2026-01-02"', '"date": "2026-02-30"', 12, "这一天"),
    ("json", '"isOffDay": true', '"isOffDay": "true"', 7, "true 或 false"),
    ("json", '"name": "元旦"', '"name": ""', 7, "没有节日名称"),
]


@pytest.mark.parametrize(("form", "right", "wrong", "line", "said"), WRONG_FILES)
def test_files_that_cannot_be_right(form: str, right: str, wrong: str, line: int, said: str) -> None:
    text = {"toml": as_toml, "csv": as_csv, "json": as_json}[form](2026)
    assert right in text
    refused(text.replace(right, wrong, 1), form, line, said)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "text", ["", "\n\n", "你好", "{}", "[]", "[" * 9999, '"', "日期,名称,安排", TITLE.format(2026), '{"year":1,"days":[1]}']
)
def test_what_is_no_notice_at_all(form: str, text: str) -> None:
    with pytest.raises(BadNotice):
        read_notice(text, form)


def refused(text: str, form: str, line: int, said: str) -> None:
    with pytest.raises(BadNotice) as caught:
        read_notice(text, form)
    wrong = caught.value
    assert said in str(wrong), str(wrong)
    assert wrong.line == line, str(wrong)
    assert wrong.cure and str(wrong) == f"第 {wrong.line} 行：{wrong.problem}（{wrong.cure}）"


def test_the_advice_of_2024_is_no_holiday() -> None:
    assert date(2024, 2, 9) not in read_notice(OF_2024, "txt").off
