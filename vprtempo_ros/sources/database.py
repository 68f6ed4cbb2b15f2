"""What `rosbags` leaves to its callers where a bag is an SQLite database."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

# Beside a database: pages as they were before the unfinished transaction, or as they are to be.
_LEFT_BEHIND = ('-journal', '-wal')

_opening = threading.Lock()


def open_once(reader: Any) -> None:
    """
    Open a reader of `rosbags`, and close what it opens beside its own connection.

    `rosbags` (0.11.9) opens a database twice and never closes the second one: a node that reads
    many bags would run out of files, and a disk could not be unmounted.
    """
    import apsw

    with _opening:
        before = {id(connection) for connection in apsw.connections()}
        try:
            reader.open()
        finally:
            own = getattr(reader.storage, 'dbconn', None)
            for connection in apsw.connections():
                if id(connection) not in before and connection is not own:
                    connection.close()


def recover(path: Path) -> None:
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
