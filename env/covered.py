#!/usr/bin/env python3
"""
Runs all tests and measures what they cover, in their own processes and in those of the nodes.

Arguments are handed to pytest. The report and the gate are set in pyproject.toml; the data goes to
build/coverage, with a report to read in build/coverage/html.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


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
    return coverage('report')


if __name__ == '__main__':
    sys.exit(main())
