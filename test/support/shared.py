"""Folders that are slow to make, made by one worker of pytest-xdist for all of them."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from support.measuring import unmeasured


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """
    Return a folder that is made once for each run of the tests, by the first worker that needs it.

    `make` gets the empty folder. Tests must not change what it has made.
    """
    root = factory.getbasetemp()
    if 'PYTEST_XDIST_WORKER' in os.environ:
        root = root.parent
    folder, complete = root / 'shared' / name, root / 'shared' / f'{name}.complete'
    folder.parent.mkdir(exist_ok=True)
    with (folder.parent / f'{name}.lock').open('w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not complete.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            # What makes them has tests of its own.
            with unmeasured():
                make(folder)
            complete.touch()
    return folder
