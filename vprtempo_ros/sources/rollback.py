"""What a recorder that was killed leaves beside a sqlite3 bag, and what SQLite makes of it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

# Beside a database: pages as they were before the unfinished transaction, or as they are to be.
_LEFT_BEHIND = ('-journal', '-wal')


def bring_back(path: Path) -> None:
    """
    Bring a database that was being written when its program ended to its last commit.

    `rosbags` reads the file as if nothing else belonged to it, and would read half a transaction,
    or miss what waits in the log. SQLite mends it by itself when it opens the file to write.

    :raises sqlite3.Error: if that is not possible, as in a folder without write permission.
    """
    if path.suffix != '.db3' or not any(_has_content(path, end) for end in _LEFT_BEHIND):
        return
    with closing(sqlite3.connect(path)) as connection:
        connection.execute('SELECT count(*) FROM sqlite_master').fetchone()
        if _has_content(path, '-wal'):
            connection.execute('PRAGMA wal_checkpoint(TRUNCATE)').fetchone()


def _has_content(path: Path, end: str) -> bool:
    beside = path.with_name(path.name + end)
    return beside.is_file() and beside.stat().st_size > 0
