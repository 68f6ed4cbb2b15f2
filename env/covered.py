#!/usr/bin/env python3
"""
Runs all tests and measures what they cover, in their own processes and in those of the nodes.

Arguments are handed to pytest. The report and the gate are set in pyproject.toml; the data goes to
build/coverage, from which `.venv/bin/coverage html` makes pages. The gate holds where nothing
optional is missing, and always in CI: the tests of what is missing are skipped.

Tests marked `ros` or `process` that failed in parallel with others run once more, alone, as on
ROS's build farm: what they start may have been starved. Which passed only then is said at the end.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import pytest
from coverage import Coverage, CoverageData

THIS = Path(__file__).resolve()
ROOT = THIS.parent.parent
# What `make lava` installs, by which tests are skipped without it.
OPTIONAL = ('torch', 'lava', 'sinabs', 'nir', 'sanafe')
# Marks of tests that a busy machine may starve, and how many may have been: more are no accident.
AGAIN = {'ros', 'process'}
AGAIN_MAX = 20
# The argument before the file for what failed, with which this runs inside of coverage.
_INSIDE = '--inside'

T = TypeVar('T')


class Failures:
    """A plugin of pytest: which tests failed, and which of them may run again."""

    def __init__(self) -> None:
        self.again: dict[str, bool] = {}

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_setupnodes(self) -> None:
        """Measure nothing of this process: it runs no test, the workers do."""
        sys.settrace(None)
        threading.settrace(None)

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Take the report of a test, from this process or from a worker."""
        if report.failed:
            self.again[report.nodeid] = bool(AGAIN & set(report.keywords))


def coverage(*arguments: str) -> int:
    """Run coverage in the root of the repository; return its exit status."""
    command = [sys.executable, '-m', 'coverage', *arguments]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def setting(name: str) -> Any:
    """Return a setting of coverage in pyproject.toml."""
    return Coverage(config_file=str(ROOT / 'pyproject.toml')).get_option(name)


def measured() -> tuple[Path, list[str]]:
    """Return the package's folder, and patterns for its copies, from `tool.coverage.paths`."""
    package, *copies = setting('paths')['source']
    return ROOT / package, copies


def note_files() -> None:
    """Note all files of the package, so that those that nothing imports count as not covered."""
    data = CoverageData(str(ROOT / setting('run:data_file')), suffix='files')
    # What it is combined with has branches.
    data.add_arcs({})
    data.touch_files([str(file) for file in measured()[0].rglob('*.py')])


def tested(*arguments: str) -> tuple[int, dict[str, bool]]:
    """Run pytest inside of coverage; return its status, and which failed, as in `Failures`."""
    package, copies = measured()
    files = ','.join(f'{path}/*' for path in (package, *copies))
    with TemporaryDirectory() as folder:
        failed = Path(folder) / 'failed.json'
        status = coverage('run', f'--include={files}', str(THIS), _INSIDE, str(failed), *arguments)
        return status, json.loads(failed.read_text()) if failed.exists() else {}


def inside(failed: str, *arguments: str) -> int:
    """Run pytest in this process; write which tests failed to a file."""
    # As with `python -m pytest`.
    sys.path[0] = str(ROOT)
    failures = Failures()
    status = pytest.main([*arguments], plugins=[failures])
    Path(failed).write_text(json.dumps(failures.again))
    return int(status)


def run_tests(*arguments: str) -> tuple[int, list[str]]:
    """Run the tests, some twice; return the exit status, and which passed the second time only."""
    status, failed = tested(*arguments)
    again = [name for name, may in failed.items() if may]
    if status != 1 or not again:
        return status, []
    if len(again) > AGAIN_MAX:
        print(f'{len(again)} tests failed that could run again, which is more than {AGAIN_MAX}')
        return status, []
    print(f'{len(again)} tests failed in parallel with others and run again, alone', flush=True)
    second, left = tested(*again)
    if second not in (0, 1):
        return second, []
    # A test without the marks fails the run in any case.
    passed = [name for name in again if name not in left]
    return int(len(passed) < len(failed)), passed


def collected(run: Callable[..., tuple[int, T]], *arguments: str) -> tuple[int, T]:
    """Let `run` run the tests; return what it does, with what they have covered in one file."""
    (ROOT / 'build' / 'coverage').mkdir(parents=True, exist_ok=True)
    coverage('erase')
    note_files()
    found = run(*arguments)
    # Processes that a test has killed leave incomplete files, which are passed over with a warning.
    coverage('combine', '--quiet')
    return found


def main() -> int:
    """Run the tests, and only if they pass the report; return the exit status."""
    status, passed = collected(run_tests, *sys.argv[1:])
    if not status:
        status = report()
    if passed:
        print(f'passed only alone: {", ".join(passed)}')
    return status


def report() -> int:
    """Print the report; return the exit status, by the gate where it holds."""
    missing = [name for name in OPTIONAL if find_spec(name) is None]
    if not missing or os.environ.get('CI'):
        return coverage('report')
    status = coverage('report', '--fail-under=0')
    print(
        f'coverage is not held to its gate: the tests that need {", ".join(missing)} were skipped; '
        'make lava installs them'
    )
    return status


if __name__ == '__main__':
    sys.exit(inside(*sys.argv[2:]) if sys.argv[1:2] == [_INSIDE] else main())
