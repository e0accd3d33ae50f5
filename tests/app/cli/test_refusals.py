"""What the command line refuses before anything is touched, in one sentence each."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from app.errors import BadInput
from app.store.lock import hold
from tests.app.cli.conftest import Terminal
from tests.processes import free_port


def test_a_database_that_another_process_serves_is_left_alone(terminal: Terminal) -> None:
    terminal.done("migrate")
    database = terminal.folder / "hotline.db"
    before = database.stat().st_ino
    served = hold(f"sqlite:///{database}")
    for words in (("serve",), ("demo", "--fresh", "--silent")):
        assert "正由另一个进程使用" in terminal.refused(*words, "--port", str(free_port()))
    assert "正由另一个进程使用" in terminal.refused("work")
    assert database.stat().st_ino == before
    assert served is not None
    served.close()
    again = hold(f"sqlite:///{database}")  # the lock went with its holder
    assert again is not None
    again.close()


def test_a_server_needs_no_lock() -> None:
    assert hold("postgresql://hotline@/anything") is None


def test_one_file_is_served_by_one_process(tmp_path: Path) -> None:
    served = hold(f"sqlite:///{tmp_path / 'a.db'}")
    with pytest.raises(BadInput, match="正由另一个进程使用"):
        hold(f"sqlite:///{tmp_path / 'a.db'}")
    assert served is not None
    served.close()


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
