"""Tools of the package as users call them: as a process, or, much sooner, in the tests' own."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

from support import PATIENCE, forking

Finished = subprocess.CompletedProcess[str]


def as_process(tool: str, *arguments: object) -> Finished:
    """Run `vprtempo_ros.tools.TOOL` as a process."""
    words = [sys.executable, '-m', f'vprtempo_ros.tools.{tool}', *map(str, arguments)]
    return forking.run(words, PATIENCE, dict(os.environ))


def in_process(tool: str, *arguments: object, cwd: Path | None = None) -> Finished:
    """Call what the process calls; an exception that ends one with a traceback is raised."""
    words = list(map(str, arguments))
    printed, errors, before = io.StringIO(), io.StringIO(), Path.cwd()
    try:
        os.chdir(cwd or before)
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(errors):
            status = import_module(f'vprtempo_ros.tools.{tool}').main(words)
    except SystemExit as ended:
        # argparse ends with a number.
        assert isinstance(ended.code, int)
        status = ended.code
    finally:
        os.chdir(before)
    return Finished(words, status, printed.getvalue(), errors.getvalue())
