"""Who may use an SQLite file together: locks that the system itself lets go when their process dies. PostgreSQL needs none.

Two lock files lie beside the database. ``.lock`` is shared by everybody who runs on the wall's time and taken whole by a
demonstration, whose clock is its own: on two clocks one would call overdue what the other has not yet begun. ``.web.lock`` is the
web process's: its intake writes in groups, which two of them would break up.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy import make_url

from app.errors import BadInput


@contextmanager
def shared(url: str) -> Iterator[None]:
    """For a worker process. Raises BadInput while somebody has the database alone."""
    with ExitStack() as held:
        _hold(held, url, ".lock", fcntl.LOCK_SH, "请先停掉它，或用 HOTLINE_DATA_DIR 另指一个目录")
        yield


@contextmanager
def serving(url: str) -> Iterator[None]:
    """For the web process of a database. Raises BadInput while another serves it, or somebody has it alone."""
    with shared(url), ExitStack() as held:
        cure = "一个 SQLite 文件只能有一个 serve：请先停掉它，或改用 PostgreSQL；计时与投递可另开 hotline work"
        _hold(held, url, ".web.lock", fcntl.LOCK_EX, cure)
        yield


@contextmanager
def alone(url: str) -> Iterator[None]:
    """For whoever runs on a clock of their own, or empties the database. Raises BadInput while anybody else is there."""
    with ExitStack() as held:
        _hold(held, url, ".lock", fcntl.LOCK_EX, "请先停掉它，或用 HOTLINE_DATA_DIR 另指一个目录")
        yield


def _hold(held: ExitStack, url: str, suffix: str, how: int, cure: str) -> None:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
        return
    path = Path(parsed.database)
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = held.enter_context(path.with_name(path.name + suffix).open("ab"))
    try:
        fcntl.flock(lock, how | fcntl.LOCK_NB)
    except OSError:
        raise BadInput(f"{path} 正由另一个进程使用", cure=cure) from None
