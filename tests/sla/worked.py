"""Deadlines worked out by hand, with the calendars they are counted on as people write them."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sla.calendar import WorkCalendar

LUNCH = [["08:30", "12:00"], ["14:00", "17:30"]]
MON_FRI = {"tue": "mon", "wed": "mon", "thu": "mon", "fri": "mon"}
DAILY = {**MON_FRI, "sat": "mon", "sun": "mon"}
NIGHTS = [["00:00", "06:00"], ["22:00", "24:00"]]


def week(*hours: list[str], days: dict[str, str] = MON_FRI) -> dict[str, object]:
    return {"mon": list(hours), **days}


def raw(timezone: str, hours: object, country: str | None = None, **days: object) -> dict[str, Any]:
    """A calendar as written; keyword ``d2026_03_05`` is a single day."""
    single = {name[1:].replace("_", "-"): spans for name, spans in days.items()}
    return {"timezone": timezone, "hours": hours, "country": country, "days": single}


RAW = {
    "service": raw("Asia/Shanghai", week(*LUNCH), "CN"),
    "always": raw("Asia/Shanghai", "24x7"),
    "utc 9-17": raw("UTC", week(["09:00", "17:00"])),
    "10-18": raw("UTC", week(["10:00", "18:00"]), d2026_03_05=[], d2026_03_06=[]),
    "8-18": raw("UTC", week(["08:00", "18:00"])),
    "berlin daily": raw("Europe/Berlin", week(["09:00", "18:00"], days=DAILY)),
    "berlin 9-17": raw("Europe/Berlin", week(["09:00", "17:00"])),
    "berlin nights": raw("Europe/Berlin", week(["01:00", "05:00"], days=DAILY)),
    "berlin always": raw("Europe/Berlin", "24x7"),
    "new york": raw("America/New_York", week(["09:00", "17:00"])),
    "sunday too": raw("Asia/Shanghai", week(["09:00", "18:00"], days=DAILY), "CN"),
    "until midnight": raw("Asia/Shanghai", week(["20:00", "24:00"])),
    # --- of the second table
    "three": raw(
        "Asia/Shanghai", week(["08:00", "11:30"], ["12:30", "15:00"], ["15:30", "18:00"], days=MON_FRI | {"sat": "mon"})
    ),
    "kolkata": raw("Asia/Kolkata", week(["10:00", "19:00"], days=MON_FRI | {"sat": "mon"})),
    "lord howe": raw("Australia/Lord_Howe", week(["01:00", "04:00"], days=DAILY)),
    "st johns": raw("America/St_Johns", week(["09:00", "17:00"])),
    "adelaide": raw("Australia/Adelaide", "24x7"),
    "london": raw("Europe/London", week(["09:00", "17:30"])),
    "ny nights": raw("America/New_York", week(*NIGHTS, days=DAILY)),
    "over midnight": raw("Asia/Shanghai", week(["00:00", "02:00"], ["22:00", "24:00"], days=DAILY)),
    "weekend": raw("Asia/Shanghai", {"sat": [["10:00", "16:00"]], "sun": "sat"}),
    "wednesday": raw("Asia/Shanghai", {"wed": [["09:00", "10:00"]]}),
    "sunday whole": raw("Asia/Shanghai", {**week(["09:00", "17:00"]), "sun": "24x7"}),
    "seconds": raw("Asia/Shanghai", week(["08:30:30", "12:00:15"])),
    "berlin gap": raw("Europe/Berlin", week(["00:00", "02:30"], ["02:45", "04:00"], days=DAILY)),
    "exceptions": raw(
        "Asia/Shanghai",
        week(*LUNCH),
        "CN",
        d2026_02_14=[],
        d2026_03_04=[],
        d2026_03_07=[["09:00", "12:00"]],
        d2026_10_03=[["09:00", "11:00"]],
        d2026_12_31=[["08:30", "12:00"]],
    ),
}


CALENDARS = {
    name: WorkCalendar.build(name, given["timezone"], given["hours"], given["country"], given["days"])
    for name, given in RAW.items()
}


def at(text: str, zone: ZoneInfo) -> datetime:
    """A time as written; without an offset it is the zone's."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def rows(table: str) -> list[list[str]]:
    """The cells of each row, without the remark after the last one."""
    lines = [line for line in table.strip().splitlines() if not line.startswith("#")]
    return [[cell.split("  ")[0] for cell in re.split(r" *\| ", line)] for line in lines]


def spans(text: str, zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
    """Pauses written "2026-03-02 09:10..09:20, 2026-03-02 17:30..2026-03-03 08:30"; the day is the beginning's where left out."""
    found = []
    for span in text.split(", "):
        begin, end = span.split("..")
        found.append((at(begin, zone), at(end if "-" in end else f"{begin[:10]} {end}", zone)))
    return found


# Limits: wm and wh working time, wd working days (wd= at the same time of day), d calendar days, h hours on the clock.
WORKED = """
# --- within a day: opening, lunch, closing
service        | 2026-03-02 08:30             | 210wm   | 2026-03-02 12:00            the whole morning
service        | 2026-03-02 08:30             | 211wm   | 2026-03-02 14:01
service        | 2026-03-02 11:59:59          | 1wm     | 2026-03-02 14:00:59         a second before lunch
service        | 2026-03-02 11:59:59.999999   | 1wm     | 2026-03-02 14:00:59.999999
service        | 2026-03-02 08:29:59          | 1wm     | 2026-03-02 08:31
service        | 2026-03-02 17:29:59.500000   | 1wm     | 2026-03-03 08:30:59.500000
service        | 2026-03-02 14:00             | 210wm   | 2026-03-02 17:30            the whole afternoon
service        | 2026-03-02 13:59:59          | 210wm   | 2026-03-02 17:30
service        | 2026-03-02 12:00             | 1wm     | 2026-03-02 14:01
service        | 2026-03-02 13:00             | 211wm   | 2026-03-03 08:31
service        | 2026-03-06 17:30             | 1wm     | 2026-03-09 08:31            Friday at closing
service        | 2026-03-06 08:30             | 7wh     | 2026-03-06 17:30
service        | 2026-03-06 08:30             | 8wh     | 2026-03-09 09:30
service        | 2026-03-08 23:59:59          | 1wm     | 2026-03-09 08:31            late on Sunday
# --- days and weeks: a day holds seven hours
service        | 2026-03-02 08:30             | 70wh    | 2026-03-13 17:30
service        | 2026-03-02 08:30             | 71wh    | 2026-03-16 09:30
service        | 2026-03-04 10:10:10          | 420wm   | 2026-03-05 10:10:10
service        | 2026-03-04 10:10:10          | 14wh    | 2026-03-06 10:10:10
service        | 2026-03-04 10:10:10          | 21wh    | 2026-03-09 10:10:10
# --- a start written in another zone
service        | 2026-03-02T01:00:00Z         | 30wm    | 2026-03-02 09:30
service        | 2026-03-01T19:30:00-05:00    | 60wm    | 2026-03-02 09:30
service        | 2026-03-02T05:15:00+05:45    | 60wm    | 2026-03-02 09:30            half past seven in Shanghai
# --- 国庆 2026: off 10-01 to 10-07, worked on 09-20 and 10-10
service        | 2026-09-30 17:30             | 1wm     | 2026-10-08 08:31
service        | 2026-09-30 16:30             | 61wm    | 2026-10-08 08:31
service        | 2026-10-01 00:00             | 1wm     | 2026-10-08 08:31
service        | 2026-10-07 23:59:59          | 7wh     | 2026-10-08 17:30
service        | 2026-10-08 08:30             | 21wh    | 2026-10-10 17:30            Thursday, Friday, Saturday
service        | 2026-10-08 08:30             | 28wh    | 2026-10-12 17:30
service        | 2026-09-30 08:30             | 14wh    | 2026-10-08 17:30
service        | 2026-09-18 08:30             | 14wh    | 2026-09-20 17:30            Friday and the worked Sunday
service        | 2026-09-18 08:30             | 15wh    | 2026-09-21 09:30
service        | 2026-09-24 12:00             | 4wh     | 2026-09-28 09:00            over 中秋
service        | 2026-09-19 10:00             | 60wm    | 2026-09-20 09:30
service        | 2026-10-11 10:00             | 60wm    | 2026-10-12 09:30
# --- 春节 2026: off 02-15 to 02-23, worked on 02-14 and 02-28
service        | 2026-02-14 08:30             | 7wh     | 2026-02-14 17:30
service        | 2026-02-14 08:30             | 8wh     | 2026-02-24 09:30
service        | 2026-02-13 08:30             | 21wh    | 2026-02-24 17:30
service        | 2026-02-27 17:00             | 60wm    | 2026-02-28 09:00
service        | 2026-02-28 16:00             | 2wh     | 2026-03-02 09:00
service        | 2026-02-23 23:00             | 1wm     | 2026-02-24 08:31
service        | 2026-02-20 12:00             | 5wh     | 2026-02-24 15:30
# --- 2025: 春节 01-28 to 02-04, worked on 01-26 and 02-08
service        | 2025-01-24 17:00             | 60wm    | 2025-01-26 09:00
service        | 2025-01-26 08:30             | 14wh    | 2025-01-27 17:30
service        | 2025-01-26 08:30             | 15wh    | 2025-02-05 09:30
service        | 2025-02-07 08:30             | 14wh    | 2025-02-08 17:30
service        | 2025-02-09 09:00             | 1wh     | 2025-02-10 09:30
service        | 2025-04-25 17:00             | 60wm    | 2025-04-27 09:00
service        | 2025-04-27 17:00             | 60wm    | 2025-04-28 09:00
service        | 2025-04-30 17:00             | 60wm    | 2025-05-06 09:00
service        | 2025-05-30 17:00             | 60wm    | 2025-06-03 09:00
service        | 2025-09-26 17:00             | 60wm    | 2025-09-28 09:00
service        | 2025-10-09 08:30             | 28wh    | 2025-10-13 17:30
# --- 2024
service        | 2024-02-02 17:00             | 60wm    | 2024-02-04 09:00
service        | 2024-02-08 17:00             | 60wm    | 2024-02-09 09:00            除夕 was a working day
service        | 2024-02-18 08:30             | 14wh    | 2024-02-19 17:30
service        | 2024-04-03 17:00             | 60wm    | 2024-04-07 09:00
service        | 2024-04-07 17:00             | 60wm    | 2024-04-08 09:00
service        | 2024-04-26 17:00             | 60wm    | 2024-04-28 09:00
service        | 2024-05-10 17:00             | 60wm    | 2024-05-11 09:00
service        | 2024-06-07 17:00             | 60wm    | 2024-06-11 09:00
service        | 2024-09-27 17:00             | 60wm    | 2024-09-29 09:00
service        | 2024-10-11 17:00             | 60wm    | 2024-10-12 09:00
# --- leap days and year ends
service        | 2024-02-28 17:00             | 60wm    | 2024-02-29 09:00
service        | 2024-02-29 17:00             | 60wm    | 2024-03-01 09:00
service        | 2025-02-28 17:00             | 60wm    | 2025-03-03 09:00
service        | 2024-02-28 10:00             | 1wd     | 2024-02-29 17:30
service        | 2024-02-29 10:00             | 1wd     | 2024-03-01 17:30
service        | 2024-02-29 10:00             | 1d      | 2024-03-01 10:00
service        | 2024-02-29 10:00             | 366d    | 2025-03-01 10:00
service        | 2024-12-31 17:00             | 60wm    | 2025-01-02 09:00
service        | 2025-12-31 17:29             | 2wm     | 2026-01-04 08:31
service        | 2025-12-31 08:30             | 14wh    | 2026-01-04 17:30
service        | 2025-12-31 10:00             | 1wd     | 2026-01-04 17:30            the make-up Sunday
service        | 2025-12-31 10:00             | 2wd     | 2026-01-05 17:30
service        | 2025-12-31 23:59:59.999999   | 1d      | 2026-01-01 23:59:59.999999
# --- working days
service        | 2026-03-02 10:00             | 5wd     | 2026-03-09 17:30
service        | 2026-03-02 10:00             | 10wd    | 2026-03-16 17:30
service        | 2026-03-08 10:00             | 5wd     | 2026-03-13 17:30            received on a Sunday
service        | 2026-04-03 10:00             | 1wd     | 2026-04-07 17:30
service        | 2026-04-30 10:00             | 3wd     | 2026-05-08 17:30
service        | 2026-04-30 10:00             | 4wd     | 2026-05-09 17:30            the make-up Saturday
service        | 2026-05-01 10:00             | 1wd     | 2026-05-06 17:30
service        | 2026-09-18 10:00             | 1wd     | 2026-09-20 17:30
service        | 2026-09-19 10:00             | 2wd     | 2026-09-21 17:30
service        | 2026-02-13 10:00             | 5wd     | 2026-02-27 17:30
service        | 2026-02-13 10:00             | 6wd     | 2026-02-28 17:30
service        | 2026-03-02 10:15:30          | 1wd=    | 2026-03-03 10:15:30
service        | 2026-03-06 16:00             | 1wd=    | 2026-03-09 16:00
service        | 2026-03-02 12:30             | 1wd=    | 2026-03-03 12:30            the same time, though it is lunch
service        | 2026-03-02 20:00             | 2wd=    | 2026-03-04 20:00
service        | 2026-09-30 09:00             | 5wd=    | 2026-10-13 09:00
service        | 2026-02-14 08:00             | 1wd=    | 2026-02-24 08:00
berlin 9-17    | 2026-03-27T10:00:00+01:00    | 1wd=    | 2026-03-30T10:00:00+02:00
# --- calendar days and the clock
service        | 2026-02-14 10:00             | 10d     | 2026-02-24 10:00
service        | 2026-12-31 10:00             | 1d      | 2027-01-01 10:00
service        | 2026-02-14 10:00             | 240h    | 2026-02-24 10:00
berlin always  | 2026-10-24T02:30:00+02:00    | 1d      | 2026-10-25T02:30:00+02:00   the first of the two
berlin always  | 2026-10-25T02:30:00+01:00    | 1d      | 2026-10-26T02:30:00+01:00
new york       | 2026-03-07T02:30:00-05:00    | 1d      | 2026-03-08T03:30:00-04:00   a time that does not exist
berlin 9-17    | 2026-03-28T12:00:00+01:00    | 24h     | 2026-03-29T13:00:00+02:00
berlin 9-17    | 2026-10-24T12:00:00+02:00    | 24h     | 2026-10-25T11:00:00+01:00
# --- summer time of half an hour
lord howe      | 2026-04-05T01:00:00+11:00    | 210wm   | 2026-04-05T04:00:00+10:30   three hours and a half
lord howe      | 2026-04-05T01:00:00+11:00    | 60wm    | 2026-04-05T01:30:00+10:30   as the clocks are put back
lord howe      | 2026-10-04T01:00:00+10:30    | 150wm   | 2026-10-04T04:00:00+11:00   two hours and a half
lord howe      | 2026-10-04T01:00:00+10:30    | 60wm    | 2026-10-04T02:30:00+11:00
lord howe      | 2026-10-03T03:00:00+10:30    | 120wm   | 2026-10-04T02:30:00+11:00
# --- zones half an hour off, with summer time and without
st johns       | 2026-03-06T16:00:00-03:30    | 120wm   | 2026-03-09T10:00:00-02:30
st johns       | 2026-10-30T16:00:00-02:30    | 120wm   | 2026-11-02T10:00:00-03:30
adelaide       | 2026-04-05T01:00:00+10:30    | 180wm   | 2026-04-05T03:00:00+09:30
adelaide       | 2026-10-04T01:00:00+09:30    | 180wm   | 2026-10-04T05:00:00+10:30
kolkata        | 2026-03-07 18:30             | 60wm    | 2026-03-09 10:30
kolkata        | 2026-03-06T18:00:00+05:30    | 120wm   | 2026-03-07 11:00
kolkata        | 2026-03-06T12:30:00Z         | 60wm    | 2026-03-06 19:00
# --- summer time elsewhere
london         | 2026-03-27T17:00:00Z         | 60wm    | 2026-03-30T09:30:00+01:00
london         | 2026-10-23T17:00:00+01:00    | 60wm    | 2026-10-26T09:30:00+00:00
ny nights      | 2026-03-07T22:00:00-05:00    | 420wm   | 2026-03-08T06:00:00-04:00   a morning of five hours
ny nights      | 2026-03-07T22:00:00-05:00    | 300wm   | 2026-03-08T04:00:00-04:00
ny nights      | 2026-03-07T22:00:00-05:00    | 421wm   | 2026-03-08T22:01:00-04:00
ny nights      | 2026-10-31T22:00:00-04:00    | 540wm   | 2026-11-01T06:00:00-05:00   one of seven
ny nights      | 2026-10-31T22:00:00-04:00    | 240wm   | 2026-11-01T01:00:00-05:00
ny nights      | 2026-11-01T01:30:00-04:00    | 60wm    | 2026-11-01T01:30:00-05:00   the hour that passes twice
ny nights      | 2026-11-01T01:30:00-05:00    | 60wm    | 2026-11-01T02:30:00-05:00
ny nights      | 2026-03-07T10:00:00-05:00    | 1wd     | 2026-03-09T00:00:00-04:00
berlin gap     | 2026-03-29T00:00:00+01:00    | 150wm   | 2026-03-29T03:30:00+02:00   02:30 does not exist, 03:30 is as much later
berlin gap     | 2026-03-29T00:00:00+01:00    | 151wm   | 2026-03-29T03:46:00+02:00   nor does 02:45
berlin gap     | 2026-03-29T00:00:00+01:00    | 165wm   | 2026-03-29T04:00:00+02:00
berlin gap     | 2026-10-25T00:00:00+02:00    | 150wm   | 2026-10-25T02:30:00+02:00   the first 02:30 closes
berlin gap     | 2026-10-25T00:00:00+02:00    | 151wm   | 2026-10-25T02:46:00+02:00   and the first 02:45 opens
berlin gap     | 2026-10-25T00:00:00+02:00    | 225wm   | 2026-10-25T03:00:00+01:00
# --- three stretches a day, one day a week, weekends only
three          | 2026-03-02 08:00             | 510wm   | 2026-03-02 18:00
three          | 2026-03-02 11:00             | 60wm    | 2026-03-02 13:00
three          | 2026-03-02 11:00             | 180wm   | 2026-03-02 15:00
three          | 2026-03-02 11:00             | 181wm   | 2026-03-02 15:31
three          | 2026-03-02 15:10             | 30wm    | 2026-03-02 16:00
three          | 2026-03-02 12:00             | 151wm   | 2026-03-02 15:31
three          | 2026-03-07 17:30             | 60wm    | 2026-03-09 08:30
three          | 2026-03-07 10:00             | 1wd     | 2026-03-09 18:00
weekend        | 2026-03-02 10:00             | 60wm    | 2026-03-07 11:00
weekend        | 2026-03-08 15:30             | 60wm    | 2026-03-14 10:30
weekend        | 2026-03-08 10:00             | 1wd     | 2026-03-14 16:00
weekend        | 2026-03-07 10:00             | 720wm   | 2026-03-08 16:00
wednesday      | 2026-03-05 09:00             | 60wm    | 2026-03-11 10:00
wednesday      | 2026-03-04 09:30             | 60wm    | 2026-03-11 09:30
wednesday      | 2026-03-04 10:00             | 52wh    | 2027-03-03 10:00            a year of Wednesdays
# --- single days closed, opened, shortened
exceptions     | 2026-03-03 17:00             | 60wm    | 2026-03-05 09:00            Wednesday closed
exceptions     | 2026-03-04 10:00             | 60wm    | 2026-03-05 09:30
exceptions     | 2026-03-06 17:00             | 60wm    | 2026-03-07 09:30            Saturday morning opened
exceptions     | 2026-03-06 17:00             | 240wm   | 2026-03-09 09:00
exceptions     | 2026-03-06 10:00             | 1wd     | 2026-03-07 12:00
exceptions     | 2026-03-03 10:00             | 2wd     | 2026-03-06 17:30
exceptions     | 2026-09-30 17:00             | 60wm    | 2026-10-03 09:30            opened within 国庆
exceptions     | 2026-09-30 17:00             | 151wm   | 2026-10-08 08:31
exceptions     | 2026-09-30 10:00             | 1wd     | 2026-10-03 11:00
exceptions     | 2026-02-13 17:00             | 60wm    | 2026-02-24 09:00            the make-up day closed again
exceptions     | 2026-12-31 11:30             | 30wm    | 2026-12-31 12:00
# --- midnight, whole days, seconds
over midnight  | 2026-03-02 23:30             | 60wm    | 2026-03-03 00:30
over midnight  | 2026-03-02 23:30             | 30wm    | 2026-03-03 00:00
over midnight  | 2026-03-03 01:30             | 60wm    | 2026-03-03 22:30
over midnight  | 2026-03-02 10:00             | 1wd     | 2026-03-04 00:00
over midnight  | 2026-03-02 22:00             | 240wm   | 2026-03-03 02:00
always         | 2026-02-14 12:00             | 10080wm | 2026-02-21 12:00
always         | 2026-12-31 23:59:59          | 1wm     | 2027-01-01 00:00:59
sunday whole   | 2026-03-06 17:00             | 60wm    | 2026-03-08 01:00
sunday whole   | 2026-03-08 23:30             | 60wm    | 2026-03-09 09:30
seconds        | 2026-03-02 12:00             | 1wm     | 2026-03-03 08:31:15
seconds        | 2026-03-02 08:30             | 1wm     | 2026-03-02 08:31:30
"""

# The eleventh: its second pause begins before the deadline only because the first one moved it.
PAUSED = """
# calendar     | start                     | limit | pauses | due
service        | 2026-03-02 17:00 | 60wm | 2026-03-02 17:30..2026-03-03 08:30 | 2026-03-03 09:00   a night costs nothing
service        | 2026-03-02 17:00 | 60wm | 2026-03-02 17:10..2026-03-03 08:40 | 2026-03-03 09:30   twenty minutes and ten
service        | 2026-03-02 11:00 | 120wm | 2026-03-02 11:30..14:30 | 2026-03-02 16:00   over lunch
service        | 2026-03-02 11:00 | 120wm | 2026-03-02 12:00..14:00 | 2026-03-02 15:00   lunch alone
service        | 2026-03-06 16:00 | 120wm | 2026-03-06 17:00..2026-03-09 08:45 | 2026-03-09 09:45   a weekend
service        | 2026-09-30 16:00 | 180wm | 2026-09-30 17:00..2026-10-08 09:00 | 2026-10-08 11:00   国庆
service        | 2026-02-13 17:00 | 60wm | 2026-02-14 08:40..2026-02-24 08:40 | 2026-02-24 09:00   春节
service        | 2026-02-13 17:00 | 60wm | 2026-02-14 08:40..08:50 | 2026-02-14 09:10
service        | 2026-03-02 10:00 | 420wm | 2026-03-03 08:30..2026-03-04 08:30 | 2026-03-04 10:00   a whole day
service        | 2026-03-02 09:00 | 60wm | 2026-03-02 09:10..09:20, 2026-03-02 09:40..09:50 | 2026-03-02 10:20
service        | 2026-03-02 09:00 | 60wm | 2026-03-02 09:30..10:00, 2026-03-02 10:15..10:30 | 2026-03-02 10:45
service        | 2026-03-02 09:00 | 60wm | 2026-03-02 10:00..11:00 | 2026-03-02 10:00   begins with the deadline
service        | 2026-03-02 09:00 | 60wm | 2026-03-02 08:30..09:00 | 2026-03-02 10:00   ends with the start
service        | 2026-03-02 09:00 | 60wm | 2026-03-02 08:45..09:15 | 2026-03-02 10:15
service        | 2026-03-02 09:00 | 60wm | 2026-03-02 09:10..09:50, 2026-03-02 09:20..09:30 | 2026-03-02 10:40   nested
service        | 2026-03-02 09:00 | 60wm | 2026-03-02 09:10..09:20, 2026-03-02 09:20..09:30 | 2026-03-02 10:20
service        | 2026-03-02 09:00 | 60wm | 2026-03-02 09:10..09:20, 2026-03-02 09:10..09:20 | 2026-03-02 10:10   told twice
service        | 2026-03-02 09:00 | 60wm | 2026-03-02 09:40..09:50, 2026-03-02 09:10..09:20 | 2026-03-02 10:20   out of order
service        | 2026-03-02 09:00 | 60wm | 2026-03-02 09:30..09:30 | 2026-03-02 10:00
service        | 2026-03-02 09:00 | 60wm | 2026-03-02 09:10:00..09:10:30 | 2026-03-02 10:00:30
service        | 2026-03-02 09:00 | 60wm | 2026-03-02 09:10:00.000001..09:10:00.000003 | 2026-03-02 10:00:00.000002
service        | 2026-03-02 09:00 | 60wm | 2026-03-02T01:10:00Z..2026-03-02T01:20:00Z | 2026-03-02 10:10   told in UTC
service        | 2026-03-02 10:00 | 2wd | 2026-03-03 09:00..11:00 | 2026-03-05 10:30   two hours more than Wednesday has
service        | 2026-03-02 10:00 | 2wd | 2026-03-03 18:00..2026-03-04 08:00 | 2026-03-04 17:30
service        | 2026-03-02 10:00 | 2wd= | 2026-03-03 09:00..09:30 | 2026-03-04 10:30
service        | 2026-03-02 20:00 | 1wd= | 2026-03-03 19:00..21:00 | 2026-03-03 20:00   an evening costs nothing
service        | 2026-03-02 20:00 | 1wd= | 2026-03-03 17:00..21:00 | 2026-03-04 09:00   but its last half hour
service        | 2026-03-02 10:00 | 3d | 2026-03-03 20:00..22:00 | 2026-03-05 12:00   on the clock an evening counts
service        | 2026-03-06 23:00 | 2h | 2026-03-06 23:30..23:45 | 2026-03-07 01:15
three          | 2026-03-02 11:00 | 60wm | 2026-03-02 11:20..12:40 | 2026-03-02 13:20
exceptions     | 2026-03-03 17:00 | 60wm | 2026-03-03 17:20..2026-03-05 08:40 | 2026-03-05 09:20   a closed day costs nothing
exceptions     | 2026-03-06 17:00 | 60wm | 2026-03-06 17:20..2026-03-07 09:10 | 2026-03-07 09:50   an opened one does
berlin always  | 2026-03-28T23:30:00+01:00 | 180wm | 2026-03-29T00:30Z..2026-03-29T01:30Z | 2026-03-29T04:30:00+02:00
berlin always  | 2026-10-25T00:30:00+02:00 | 180wm | 2026-10-25T00:30Z..2026-10-25T01:30Z | 2026-10-25T03:30:00+01:00
berlin daily   | 2013-06-04 11:00 | 240wm | 2013-06-04 11:00..12:30, 2013-06-04 13:00..14:00 | 2013-06-04 17:30
"""

OFFSETS = """
service        | 2026-03-03 08:30          | -1     | 2026-03-02 17:29            over the night
service        | 2026-03-03 08:31          | -1     | 2026-03-03 08:30
service        | 2026-03-02 14:00          | -1     | 2026-03-02 11:59
service        | 2026-03-02 14:01          | -1     | 2026-03-02 14:00
service        | 2026-03-02 12:00          | -210   | 2026-03-02 08:30
service        | 2026-03-02 12:00          | 1      | 2026-03-02 14:01
service        | 2026-03-09 09:00          | -60    | 2026-03-06 17:00
service        | 2026-10-08 09:00          | -60    | 2026-09-30 17:00
service        | 2026-10-10 08:30          | -420   | 2026-10-09 08:30
service        | 2026-02-24 08:30          | -420   | 2026-02-14 08:30
service        | 2026-02-28 08:30          | -1     | 2026-02-27 17:29
service        | 2026-01-04 08:30          | -1     | 2025-12-31 17:29
service        | 2024-03-01 08:30          | -420   | 2024-02-29 08:30
service        | 2026-03-02 10:00:00.5     | -0.5   | 2026-03-02 09:59:30.5
service        | 2026-03-09 12:00          | -4200  | 2026-02-24 14:00            ten days' worth, over the make-up Saturday
ny nights      | 2026-03-08T06:00:00-04:00 | -420   | 2026-03-07T22:00:00-05:00
ny nights      | 2026-11-01T06:00:00-05:00 | -540   | 2026-10-31T22:00:00-04:00
lord howe      | 2026-04-05T04:00:00+10:30 | -210   | 2026-04-05T01:00:00+11:00
kolkata        | 2026-03-09 10:30          | -60    | 2026-03-07 18:30
three          | 2026-03-02 13:00          | -60    | 2026-03-02 11:00
over midnight  | 2026-03-03 00:30          | -60    | 2026-03-02 23:30
until midnight | 2026-03-03 00:00          | -60    | 2026-03-02 23:00
exceptions     | 2026-03-05 09:00          | -60    | 2026-03-03 17:00
exceptions     | 2026-10-08 08:31          | -2     | 2026-10-03 10:59
wednesday      | 2026-03-11 09:30          | -60    | 2026-03-04 09:30
"""

PROVISIONAL = """
2026-12-31 17:30    | 1wm  | 2027-01-04 08:31    | yes
2026-12-31 16:59:59 | 30wm | 2026-12-31 17:29:59 | no
2026-12-25 10:00    | 4wd  | 2026-12-31 17:30    | no
2026-12-25 10:00    | 5wd  | 2027-01-04 17:30    | yes
2027-06-08 17:00    | 60wm | 2027-06-10 09:00    | yes   端午 by law
2027-09-14 17:00    | 60wm | 2027-09-16 09:00    | yes   中秋 by law
2027-09-30 17:00    | 60wm | 2027-10-04 09:00    | yes   the three days of 国庆 that are law
2028-01-24 17:00    | 60wm | 2028-01-31 09:00    | yes   the four of 春节
2028-02-28 17:00    | 60wm | 2028-02-29 09:00    | yes   a leap day
"""
