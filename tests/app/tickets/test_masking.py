"""What a contractor reads of free text carries no number that reaches or names a person, however it was written or read aloud."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.tickets.privacy import mask_name, mask_phone, mask_text


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("请打13800001234找我", "请打138****1234找我"),
        ("138-0000-1234 或 139 0000 5678", "138-****-1234 或 139 **** 5678"),
        ("+86 13800001234", "+86 138****1234"),
        ("１３８００００１２３４", "１３８****１２３４"),
        ("幺三八零零零零幺二三四", "幺三八****幺二三四"),
        ("幺三八，零零零零，幺二三四", "幺三八，****，幺二三四"),
        ("座机0571-87654321转2", "座机0571-******21转2"),
        ("证号330102199001011234", "证号330102********1234"),
        ("证号330102 1990 0101 123X", "证号330102 **** **** 123X"),
        ("工单幺二三四五六七八九", "工单幺二三****八九"),
        ("13800001234，13900005678", "138****1234，139****5678"),
    ],
)
def test_numbers_are_masked_in_every_form(said: str, read: str) -> None:
    assert mask_text(said) == read


@pytest.mark.parametrize(
    "said", ["3栋2单元1502室，2026年12月1日修过", "租金二百八十元，住了三四年", "合同20240101001122334455", "一层二层三层都漏"]
)
def test_what_is_no_number_of_a_person_stays(said: str) -> None:
    assert mask_text(said) == said


def test_the_name_and_a_number_in_one_text() -> None:
    assert mask_text("王秀兰，13800001234", "王秀兰") == "王**，138****1234"
    assert (mask_name("王秀兰"), mask_phone("0571-87654321"), mask_phone("12345")) == ("王**", "**71-******21", "***45")


@given(st.text(alphabet="漏水栋 ,，.-", max_size=20), st.text(alphabet="漏水栋 ,，.", max_size=20), st.integers(0, 99_999_999))
def test_no_mobile_survives_whatever_stands_round_it(before: str, after: str, rest: int) -> None:
    number = f"139{rest:08}"
    shown = mask_text(f"{before}{number}{after}")
    assert number not in shown
    assert len(shown) == len(before) + 11 + len(after)
