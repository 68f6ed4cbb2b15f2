"""Small file systems for tests of full disks."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """Give a small file system; skip the test where it cannot be mounted."""
    folder.mkdir()
    if (
        os.geteuid() != 0
        or subprocess.run(
            ['mount', '-t', 'tmpfs', '-o', f'size={megabytes}m', 'tmpfs', str(folder)],
            stderr=subprocess.DEVNULL,
            check=False,
        ).returncode
        != 0
    ):
        pytest.skip('needs root and the right to mount a small file system')
    try:
        yield folder
    finally:
        subprocess.run(['umount', '--lazy', str(folder)], check=True)
