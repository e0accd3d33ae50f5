"""One SQLite file, one serving process: held by a lock that the system itself lets go when the process dies."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO

from sqlalchemy import make_url

from app.errors import BadInput


def hold(url: str) -> IO[bytes] | None:
    """The lock on an SQLite database, kept while the returned file stays open; None on PostgreSQL, which needs none.

    Raises BadInput when another process serves that file: two of them, perhaps on different clocks, would sweep the same timers.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
        return None
    path = Path(parsed.database)
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.with_name(path.name + ".lock").open("ab")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise BadInput(
            f"{path} 正由另一个进程使用", cure="请先停掉它，或用 HOTLINE_DATA_DIR 另指一个目录；多进程请用 PostgreSQL"
        ) from None
    return lock
