"""
The lanes of the tests: which talk to ROS 2, which start processes, and what the others must not do.

`ros` is found from what a file imports, `process` from the modules that it uses, or from a mark on
a test; `ros` implies it. Both are enforced: a test without the mark that imports rclpy or starts a
process fails.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

# What brings rclpy into the process that runs the tests, however it is written.
_NAMES = 'ros|camera|teaching|documented'
_ROS = re.compile(
    rf"""^\s*(
      (import|from)\s+rclpy\b
      | from\s+support\.({_NAMES})\s+import
      | import\s+support\.({_NAMES})\b
      | from\s+support\s+import\s+(?:\([^)]*|[^\n(]*)\b({_NAMES})\b
      | .*importorskip\(\s*'rclpy'
    )""",
    re.MULTILINE | re.VERBOSE,
)


@cache
def uses_ros(file: Path) -> bool:
    """Return whether the tests of a file talk to ROS 2."""
    return bool(_ROS.search(file.read_text(encoding='utf-8')))


# What starts processes where a file uses it.
_PROCESSES = re.compile(
    r'\b(subprocess|as_process|forking|multiprocessing|needs_lava|needs_lava_dl|lava_processes'
    r'|Chromium|playwright)\b'
)


@cache
def uses_processes(file: Path) -> bool:
    """Return whether the tests of a file start processes."""
    return uses_ros(file) or bool(_PROCESSES.search(file.read_text(encoding='utf-8')))


def without_ros(expression: str) -> bool:
    """Return whether an expression of marks leaves out the tests that talk to ROS 2."""
    return 'not ros' in expression


_LONG = re.compile(r'^pytestmark = .*\bmark\.long\b', re.MULTILINE)


def left_out(file: Path, expression: str) -> bool:
    """Return whether an expression of marks leaves out every test of a file."""
    return (
        without_ros(expression)
        and uses_ros(file)
        or ('not process' in expression and uses_processes(file))
        or ('not long' in expression and bool(_LONG.search(file.read_text(encoding='utf-8'))))
    )


class RosIsAbsent:
    """A finder of modules for which rclpy does not exist."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Refuse rclpy, leave all others to the next finder."""
        if name == 'rclpy':
            raise ModuleNotFoundError('rclpy is imported without ROS: see test/support/lanes.py')
        return None

    @classmethod
    def install(cls) -> None:
        """Let every later import of rclpy fail."""
        assert 'rclpy' not in sys.modules
        sys.meta_path.insert(0, cls())


# ctypes.util.find_library, which threadpoolctl calls, looks libraries up with the first four,
# platform.processor, which h5py calls, asks uname. Matplotlib looks for fonts where it first runs.
_LOOKUPS = {'ldconfig', 'gcc', 'ld', 'objdump', 'uname', 'fc-list'}
_MESSAGE = 'this test starts a process: mark it with @pytest.mark.process'


@contextmanager
def no_processes() -> Iterator[None]:
    """Let the start of a process fail."""
    start = subprocess.Popen.__init__

    def checked(
        self: subprocess.Popen[bytes], args: Sequence[str], *rest: Any, **named: Any
    ) -> None:
        assert not isinstance(args, str) and Path(args[0]).name in _LOOKUPS, _MESSAGE
        start(self, args, *rest, **named)

    def refused() -> int:
        raise AssertionError(_MESSAGE)

    with (
        mock.patch.object(subprocess.Popen, '__init__', checked),
        mock.patch.object(os, 'fork', refused),
    ):
        yield
