"""Commands that look after a running hotline: schema, register, deadlines, kept messages, people; and how they are mistyped."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import click
import pytest
from sqlalchemy import delete, select, text, update

from app.cli import main
from app.intake import Item, keep
from app.register.model import Contract, ContractEstate, Contractor, Estate, Purchaser
from app.store import inbox
from app.tickets.lifecycle import State
from app.tickets.model import Timer
from app.tickets.post import InboundState
from app.web.app import create_app
from channels.contract import Delivery
from tests.app.cli.conftest import Terminal, Town

pytestmark = pytest.mark.slow  # many requests, commands or tickets: in `make test`, not in `make fast`

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # starlette would rather have httpx2, which nothing else here needs
    from fastapi.testclient import TestClient

SOON = ("--days", "40")


def commands(group: click.Group, before: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = [before]
    for name, command in group.commands.items():
        found += commands(command, (*before, name)) if isinstance(command, click.Group) else [(*before, name)]
    return found


@pytest.mark.parametrize("words", commands(main), ids=" ".join)
def test_every_command_says_what_it_is_for(terminal: Terminal, words: tuple[str, ...]) -> None:
    said = terminal.done(*words, "--help")
    assert f"Usage: main {' '.join(words)}".strip() in said
    assert any("\u4e00" <= sign <= "\u9fff" for sign in said.splitlines()[2]), "and says it in Chinese"


def test_a_command_that_does_not_exist_is_refused(terminal: Terminal) -> None:
    result = terminal.run("obliterate")
    assert result.exit_code == 2 and "obliterate" in result.stderr


def test_migrating_makes_the_database_and_a_second_time_changes_nothing(terminal: Terminal) -> None:
    assert "空 →" in terminal.done("migrate")
    assert (terminal.folder / "hotline.db").exists()
    assert "已是最新" in terminal.done("migrate")


def test_a_database_without_the_newest_schema_is_refused_with_the_cure(terminal: Terminal) -> None:
    for words in (("check",), ("due",), ("replay",), ("user", "list"), ("token", "create", "--role", "agent")):
        said = terminal.refused(*words)
        assert "hotline migrate" in said and "数据库结构" in said, words


def test_a_schema_of_another_version_is_refused(spoiled_town: Town) -> None:
    on_town, stage = spoiled_town
    with stage.cast.hotline.db.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '20200101_long_ago'"))
    assert "hotline migrate" in on_town.refused("check")


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"DELIVERY": "pigeon"}, "HOTLINE_DELIVERY"),
        ({"TICK_SECONDS": "0"}, "HOTLINE_TICK_SECONDS"),
        ({"DATABASE_URL": "nonsense"}, "HOTLINE_DATABASE_URL"),
        ({"DATABASE_URL": "mysql://u:p@h/d"}, "mysql"),
        ({"DATABASE_URL": "postgresql://hotline:secret@127.0.0.1:1/none"}, "HOTLINE_DATABASE_URL"),
        ({"WECHAT__TOKEN": "tok", "WECHAT__APP_ID": "wx1", "WECHAT__ENCODING_AES_KEY": "short"}, "HOTLINE_"),
    ],
    ids=lambda value: str(value),
)
def test_a_bad_setting_is_one_sentence_that_names_it(terminal: Terminal, settings: dict[str, str], named: str) -> None:
    if "WECHAT__TOKEN" in settings:
        terminal.done("migrate")
    said = terminal.refused("check", **settings)
    assert named in said and "secret" not in said


@pytest.mark.parametrize("words", [("check",), ("classify",), ("explain", "灯不亮")])
def test_a_mistake_in_the_policy_is_named_by_file_line_and_cure(terminal: Terminal, words: tuple[str, ...]) -> None:
    wrong = terminal.folder / "policy"
    shipped = Path(main.__module__.replace(".", "/")).parents[0] / "policy"
    for file in shipped.rglob("*.toml"):
        copy = wrong / file.relative_to(shipped)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(file.read_text(encoding="utf-8").replace('contact = "10m"', 'contact = "soon"'), encoding="utf-8")
    line = (wrong / "limits.toml").read_text(encoding="utf-8").splitlines().index('contact = "soon"') + 1
    said = terminal.refused(*words, POLICY=str(wrong), typed="")
    assert f"limits.toml 第{line}行" in said and "（" in said


def test_a_sound_city_passes_and_the_table_names_who_owes_what_and_by_when(town: Town) -> None:
    terminal, _ = town
    lines = terminal.done("check", *SOON).splitlines()
    row = next(line for line in lines if "青棠苑" in line and " C " in line)
    assert "云州匠修建筑服务有限公司" in row and "YZ-2026-03" in row and "首次联系" in row and "办结" in row
    estates = {estate for estate in ("青棠苑", "柳岸家园", "北郊安居苑") for line in lines if estate in line}
    assert len(estates) == 3
    assert "空档：无" in lines and "重叠：无" in lines
    assert any("HOTLINE_DATABASE_URL" in line and "环境变量" in line for line in lines)


def test_checking_gives_the_same_as_json_and_keeps_secrets(town: Town) -> None:
    terminal, _ = town
    said = terminal.done("check", *SOON, "--json", SECRET_KEY="do-not-tell", WECHAT__TOKEN="nor-this", WECHAT__APP_ID="wx1")
    found = json.loads(said)
    assert found["register"]["sound"] is True and found["register"]["gaps"] == []
    estates = {duty["estate"] for duty in found["register"]["duties"]}
    assert len(estates) == 12
    assert all(duty["limits"] for duty in found["register"]["duties"])
    assert "do-not-tell" not in said and "nor-this" not in said
    assert ["HOTLINE_SECRET_KEY", "已设置", "环境变量"] in found["settings"]


def test_a_gap_is_a_failure_told_in_a_sentence(spoiled_town: Town) -> None:
    terminal, stage = spoiled_town
    with stage.cast.hotline.tx() as tx:
        contract = tx.session.scalar(select(Contract.id).where(Contract.number == "YZ-2026-06"))
        estate = tx.session.scalar(select(Estate.id).where(Estate.name == "青棠苑"))
        tx.session.execute(
            delete(ContractEstate).where(ContractEstate.contract_id == contract, ContractEstate.estate_id == estate)
        )
    result = terminal.run("check", *SOON)
    assert result.exit_code == 1
    (gap,) = [line for line in result.stdout.splitlines() if line.startswith("  青棠苑")]
    assert "青棠苑的D 综合管理在" in gap and "没有合同约定由谁承办" in gap
    again = terminal.run("check", *SOON, "--json")
    assert again.exit_code == 1 and json.loads(again.stdout)["register"]["gaps"] == [gap.strip()]


def test_an_overlap_is_a_failure_that_names_both_contracts(spoiled_town: Town) -> None:
    terminal, stage = spoiled_town
    with stage.cast.hotline.tx() as tx:
        rival = tx.session.scalars(select(Contractor).where(Contractor.name.contains("安居"))).one()
        buyer = tx.session.scalars(select(Purchaser).where(Purchaser.parent_id.is_(None))).one()
        estate = tx.session.scalars(select(Estate).where(Estate.name == "锦渡花园")).one()
        known = tx.session.scalars(select(Contract).where(Contract.number == "YZ-2026-07")).one()
        same = {"starts": known.starts, "ends": known.ends, "categories": ["P"], "targets": {}}
        tx.session.add(Contract(number="TWICE-1", contractor=rival, purchaser=buyer, estates=[estate], **same))
    result = terminal.run("check", *SOON)
    assert result.exit_code == 1
    (overlap,) = [line for line in result.stdout.splitlines() if line.startswith("  锦渡花园")]
    assert "TWICE-1" in overlap and "YZ-2026-07" in overlap and "同时由合同" in overlap


def test_what_is_due_is_listed_and_counted(town: Town) -> None:
    terminal, stage = town
    number = stage.brought_to(State.DISPATCHED)
    held = stage.brought_to(State.ON_HOLD)
    rows = json.loads(terminal.done("due", "--json", "--hours", "1000000"))
    mine = {row["target"]: row for row in rows if row["number"] == number}
    assert set(mine) == {"首次联系", "签收", "办结", "承办联系", "到场", "承办办结"}
    assert (mine["签收"]["state"], "匠修" in mine["签收"]["handler"]) == ("待签收", True)
    assert mine["办结"]["leaf"] == "C06楼道照明" and "石桥新居" in mine["办结"]["place"]
    assert {row["target"] for row in rows if row["number"] == held} == {"首次联系", "承办联系", "到场"}, (
        "a clock that stands still is not about to lapse"
    )
    assert [row["due_at"] for row in rows] == sorted(row["due_at"] for row in rows)
    printed = terminal.done("due", "--hours", "1000000").splitlines()
    assert printed[-1].startswith(f"共 {len(rows)} 项") and len(printed) == len(rows) + 3  # heads, rule, rows, sum
    assert terminal.run("due", "--hours", "0").exit_code == 2


def test_what_could_not_be_taken_in_is_taken_in_again(spoiled_town: Town) -> None:
    terminal, stage = spoiled_town
    assert "重新受理 0 条" in terminal.done("replay")
    form = "form_id=f-0000001&text=石桥新居3栋楼道灯不亮了&phone=13812345678&consent=yes"
    hotline = stage.cast.hotline
    delivery = Delivery("webform", form.encode(), stage.cast.clock.wall(), {"content-type": "application/x-www-form-urlencoded"})
    (complaint,) = hotline.channels["webform"].read(delivery)
    keep(hotline, [Item(delivery, complaint)])
    assert "重新受理 1 条，仍有 0 条" in terminal.done("replay")
    with hotline.look() as tx:
        assert inbox.not_taken_in(tx.session, 10) == []
    keep(hotline, [Item(Delivery("webform", b"\xff\xfe", stage.cast.clock.wall()), None, "not text")])
    result = terminal.run("replay")
    assert result.exit_code == 1 and "仍有 1 条" in result.stdout and "webform" in result.stderr
    with hotline.look() as tx:
        assert [row.state for row in inbox.not_taken_in(tx.session, 10)] == [InboundState.UNREADABLE]


def test_people_are_added_listed_and_shut_out(town: Town) -> None:
    terminal, _ = town
    firm = "云州匠修建筑服务有限公司"
    said = terminal.done(
        "user", "add", "newman", "--name", "牛曼", "--role", "承接主体", "--org", firm, "--password", "long-enough"
    )
    assert "newman" in said and "承接主体" in said and "long-enough" not in said
    people = {one["login"]: one for one in terminal.json("user", "list")}
    assert people["newman"] == {"login": "newman", "name": "牛曼", "role": "contractor", "org": firm, "disabled": False}
    assert "已停用" in terminal.done("user", "disable", "newman")
    assert {one["login"] for one in terminal.json("user", "list") if one["disabled"]} == {"newman"}
    assert "已停用" in next(line for line in terminal.done("user", "list").splitlines() if line.startswith("newman"))


BY = ("--name", "甲", "--password", "long-enough")
IMPOSSIBLE: list[tuple[tuple[str, ...], str]] = [
    (("user", "add", "a", *BY, "--role", "king"), "king"),
    (("user", "add", "a", *BY, "--role", "agent", "--password", "short"), "密码太短"),
    (("user", "add", "a b", *BY, "--role", "agent"), "账号"),
    (("user", "add", "agent", *BY, "--role", "agent"), "agent"),
    (("user", "add", "a", *BY, "--role", "contractor"), "单位"),
    (("user", "add", "a", *BY, "--role", "agent", "--org", "没有"), "没有"),
    (("user", "disable", "nobody"), "nobody"),
    (("token", "create", "--role", "contractor"), "单位"),
    (("token", "create", "--role", "resident"), "resident"),
    (("token", "create", "--role", "contractor", "--org", "没有这家"), "没有这家"),
]


def test_what_cannot_be_is_refused_in_a_sentence(town: Town) -> None:
    terminal, _ = town
    before = terminal.json("user", "list")
    for words, says in IMPOSSIBLE:
        assert says in terminal.refused(*words), words
    assert terminal.json("user", "list") == before


def test_a_token_is_shown_once_alone_and_opens_the_api(town: Town) -> None:
    terminal, stage = town
    number = stage.brought_to(State.DISPATCHED)
    firm = stage.cast.names().contractors[stage.mender.org]
    secret = terminal.done("token", "create", "--role", "contractor", "--org", firm, "--name", "试").removesuffix("\n")
    assert secret and secret == secret.strip() and "\n" not in secret
    with TestClient(create_app(stage.cast.hotline, with_worker=False)) as web:
        seen = web.get("/api/v1/tickets", headers={"Authorization": f"Bearer {secret}"})
    assert number in {ticket["number"] for ticket in seen.json()["tickets"]}
    assert {ticket["contractor"] for ticket in seen.json()["tickets"]} == {firm}
    assert secret not in json.dumps(terminal.json("user", "list"))


def test_a_ticket_whose_policy_is_gone_does_not_hide_the_others(spoiled_town: Town) -> None:
    """A clock counted on a calendar that no longer exists is still listed."""
    terminal, stage = spoiled_town
    number = stage.brought_to(State.DISPATCHED)
    with stage.cast.hotline.tx() as tx:
        tx.session.execute(update(Timer).values(calendar="gone"))
    assert number in terminal.done("due", "--hours", "1000000")
