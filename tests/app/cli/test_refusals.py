"""What the command line refuses before anything is touched, in one sentence each."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from app.errors import BadInput
from app.store import lock
from tests.app.cli.conftest import Terminal
from tests.processes import free_port

IN_USE = "正由另一个进程使用"


def test_a_demonstration_leaves_a_database_alone_that_somebody_uses(terminal: Terminal) -> None:
    terminal.done("migrate")
    database = terminal.folder / "hotline.db"
    before = database.stat().st_ino
    with lock.shared(f"sqlite:///{database}"):
        assert IN_USE in terminal.refused("demo", "--fresh", "--silent", "--port", str(free_port()))
    assert database.stat().st_ino == before
    with lock.alone(f"sqlite:///{database}"):  # the lock went with its holder
        assert IN_USE in terminal.refused("work")
        assert IN_USE in terminal.refused("serve", "--port", str(free_port()))


def test_a_second_web_process_on_one_file_is_refused(terminal: Terminal) -> None:
    terminal.done("migrate")
    with lock.serving(f"sqlite:///{terminal.folder / 'hotline.db'}"):
        assert "只能有一个 serve" in terminal.refused("serve", "--web-only", "--port", str(free_port()))


def test_a_server_needs_no_lock() -> None:
    url = "postgresql://hotline@/anything"
    with lock.alone(url), lock.serving(url), lock.shared(url):
        pass


def test_workers_share_a_file_with_each_other_and_with_one_web_process(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    with lock.serving(url), lock.shared(url), lock.shared(url):
        with pytest.raises(BadInput, match=IN_USE), lock.serving(url):
            pass
        with pytest.raises(BadInput, match=IN_USE), lock.alone(url):
            pass


def test_nobody_joins_a_clock_of_its_own(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    with lock.alone(url):
        for way_in in (lock.alone, lock.serving, lock.shared):
            with pytest.raises(BadInput, match=IN_USE), way_in(url):
                pass
    with lock.serving(url):
        pass


def test_the_database_is_for_our_eyes_only(terminal: Terminal) -> None:
    terminal.done("migrate")
    assert (terminal.folder / "hotline.db").stat().st_mode & 0o077 == 0


def test_what_is_no_database_is_said_to_be_none(terminal: Terminal) -> None:
    (terminal.folder / "hotline.db").write_bytes(b"a letter to the editor, and quite a long one, not a database at all" * 20)
    for words in (("migrate",), ("due",)):
        assert "数据库无法使用" in terminal.refused(*words)


def test_a_schema_of_another_time_is_a_sentence(terminal: Terminal) -> None:
    terminal.done("migrate")
    with sqlite3.connect(terminal.folder / "hotline.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '20200101_old'")
    assert "版本不认识" in terminal.refused("migrate")


def test_a_data_folder_that_is_a_file_is_a_sentence(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="ascii")
    assert "无法使用" in terminal.refused("migrate", DATA_DIR=str(tmp_path / "file"))


def test_redirected_to_nowhere_is_refused(terminal: Terminal) -> None:
    assert "HOTLINE_REDIRECT_TO" in terminal.refused("migrate", DELIVERY="redirect")


def test_a_misspelt_setting_is_named(terminal: Terminal) -> None:
    terminal.done("migrate")
    result = terminal.run("check", WECHAT__TOKNE="x")
    assert result.exit_code == 1
    assert "HOTLINE_WECHAT__TOKNE" in result.stderr
