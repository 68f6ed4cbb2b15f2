"""Recovering SQLite bags whose program ended while writing them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

# Ends of files next to a database: pages from before an unfinished transaction, or new pages.
_LEFT_BEHIND = ('-journal', '-wal')


def recover(path: Path) -> None:
    """
    Restore a database to its last commit, if its program ended while writing it.

    Reading the database file alone would give half a transaction, or miss what is still in the
    log. SQLite recovers automatically when it opens the file to write.

    :raises sqlite3.Error: if that is not possible, as in a folder without write permission.
    """
    if path.suffix != '.db3' or not any(_has_content(path, end) for end in _LEFT_BEHIND):
        return
    with closing(sqlite3.connect(path)) as connection:
        connection.execute('SELECT count(*) FROM sqlite_master').fetchone()
        if _has_content(path, '-wal'):
            connection.execute('PRAGMA wal_checkpoint(TRUNCATE)').fetchone()


def _has_content(path: Path, end: str) -> bool:
    left = path.with_name(path.name + end)
    return left.is_file() and left.stat().st_size > 0
