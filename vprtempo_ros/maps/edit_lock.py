"""One editor at a time: a lock next to the map, which ends with the process that holds it."""

from __future__ import annotations

import fcntl
import os
import socket
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

from ..errors import MapError

# Characters of the note about who holds the lock.
_NOTE_MAX = 200


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """
    Hold the lock of a map.

    :raises MapError: if another process holds it, which is named, or it cannot be made.
    """
    # Not inside: the folder is exchanged by an edit.
    file = folder.with_name(f'.{folder.name}.lock')
    descriptor = _acquire(file, folder)
    try:
        yield
    finally:
        # Removed while it is held: the next process to lock the map makes a new file.
        file.unlink(missing_ok=True)
        os.close(descriptor)


def _acquire(file: Path, folder: Path) -> int:
    while True:
        try:
            descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise MapError(f'{folder}: cannot be edited ({error.strerror}: {file})') from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(descriptor, file):
                note = f'process {os.getpid()} on {socket.gethostname()}'
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, note.encode(), 0)
                return descriptor
        except BlockingIOError:
            note = os.pread(descriptor, _NOTE_MAX, 0).decode(errors='replace')
            os.close(descriptor)
            raise MapError(
                f'{folder}: is being edited by {" ".join(note.split()) or "another process"}; '
                'try again when that is done'
            ) from None
        except OSError as error:
            os.close(descriptor)
            raise MapError(f'{folder}: cannot be locked ({error.strerror})') from None
        # The process that held this file has removed it.
        os.close(descriptor)


def _is_at(descriptor: int, file: Path) -> bool:
    """Return whether the open file is still the one of this name."""
    try:
        found = file.stat()
    except FileNotFoundError:
        return False
    opened = os.fstat(descriptor)
    return (found.st_dev, found.st_ino) == (opened.st_dev, opened.st_ino)
