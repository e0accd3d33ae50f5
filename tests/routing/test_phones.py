"""Telephone numbers, written and spoken; identity numbers are left alone."""

from __future__ import annotations

import pytest

from routing.phones import find_identities, find_phones, valid_identity


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("我电话13800138000", ("13800138000",)),
        ("138-0013-8000 或者 138 0013 8001", ("13800138000", "13800138001")),
        ("+86 13800138000", ("13800138000",)),
        ("打0571-55501234找老王", ("0571-55501234",)),
        ("(010)55501234", ("010-55501234",)),
        ("座机：55501234", ("55501234",)),
        ("幺三八零零幺三八零零零", ("13800138000",)),
        ("一三八 零零一三 八零零零 你打这个", ("13800138000",)),
        ("400-820-8820 打不通", ("4008208820",)),
        ("１３８００１３８０００", ("13800138000",)),
        ("一三八零零一三后面四个八", ("13800138888",)),
        ("1380013，后面四个8", ("13800138888",)),
        ("0571 5550 1234", ("0571-55501234",)),
        ("订单号GZ13800138000", ()),
        ("等了3个月", ()),
        ("三栋二单元一五零二", ()),
        ("欠了1380013元", ()),
        ("工单20180522817529", ()),
    ],
)
def test_phones(text: str, expected: tuple[str, ...]) -> None:
    assert find_phones(text) == expected


def test_an_identity_number_is_no_telephone() -> None:
    number = "11010519491231002X"
    assert valid_identity(number)
    assert not valid_identity("110105194912310021")
    assert not valid_identity("123")
    assert find_phones(f"身份证{number}登记错了") == ()
    assert find_phones("身份证 430000 19001013 8139 和电话13800138000")[-1] == "13800138000"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("身份证11010519491231002x", ("11010519491231002X",)),
        ("身份证 110105 19491231 002X，名字登错了", ("11010519491231002X",)),
        ("１１０１０５１９４９１２３１００２Ｘ", ("11010519491231002X",)),
        ("编号110105194912310021", ()),
        ("编号110105194902310024", ()),
        ("工单20180522817529", ()),
    ],
)
def test_identity_numbers_are_known_by_date_and_check_sign(text: str, expected: tuple[str, ...]) -> None:
    assert find_identities(text) == expected
