#!/usr/bin/env python3
"""
Runs all tests and measures what they cover, in their own processes and in those of the nodes.

Arguments are handed to pytest. The report and the gate are set in pyproject.toml; the data goes to
build/coverage, with a report to read in build/coverage/html. The gate holds where nothing optional
is missing, and always in CI: the tests of what is missing are skipped.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# What `make lava` installs, by which tests are skipped without it.
OPTIONAL = ('torch', 'lava', 'sinabs', 'nir', 'sanafe')


def coverage(*arguments: str) -> int:
    """Run coverage in the root of the repository; return its exit status."""
    command = [sys.executable, '-m', 'coverage', *arguments]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def main() -> int:
    """Run the tests, and only if they pass the report; return the exit status."""
    (ROOT / 'build' / 'coverage').mkdir(parents=True, exist_ok=True)
    coverage('erase')
    status = coverage('run', '-m', 'pytest', *sys.argv[1:])
    # Processes that a test has killed leave incomplete files, which are passed over with a warning.
    coverage('combine', '--quiet')
    if status:
        return status
    coverage('html', '--quiet', '--fail-under=0')
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
    sys.exit(main())
