"""Opening and recovering SQLite bags, which `rosbags` leaves to its callers."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rosbags.rosbag2 import Reader

# Ends of files next to a database: pages from before an unfinished transaction, or new pages.
_LEFT_BEHIND = ('-journal', '-wal')

_opening = threading.Lock()


def open_once(reader: Reader) -> None:
    """
    Open a reader of `rosbags`, and close what it opens besides its own connection.

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
    Restore a database to its last commit, if its program ended while writing it.

    `rosbags` reads the database file alone, and would read half a transaction, or miss what is
    still in the log. SQLite recovers automatically when it opens the file to write.

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
