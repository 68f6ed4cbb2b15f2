"""Replacing a folder in one step."""

from __future__ import annotations

import ctypes
import errno
import os
from pathlib import Path

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def exchange(staged: Path, target: Path) -> None:
    """
    Make `staged` appear as `target`; an existing folder is then at `staged`, to be removed.

    An existing folder is exchanged by Linux's renameat2 with RENAME_EXCHANGE: at any time there is
    the old folder or the new one. On file systems without it, two renames do the same.

    :raises OSError: if the folder cannot be moved.
    """
    if not target.exists():
        os.rename(staged, target)
    elif not _exchange_at_once(staged, target):
        aside = staged.with_name(staged.name + '.old')
        os.rename(target, aside)
        try:
            os.rename(staged, target)
        except OSError:
            os.rename(aside, target)
            raise
        os.rename(aside, staged)
    directory = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _exchange_at_once(first: Path, second: Path) -> bool:
    try:
        call = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):  # Not glibc, or one older than 2.28.
        return False
    if call(_AT_FDCWD, os.fsencode(first), _AT_FDCWD, os.fsencode(second), _RENAME_EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.EINVAL, errno.ENOSYS):
        return False
    raise OSError(code, os.strerror(code), str(second))
