"""How command-line tools end: an error is one line, not a traceback."""

from __future__ import annotations

import os
import signal
import sys
from typing import Callable

from ..errors import ConfigError, VprError


def check_range(name: str, value: float, low: float, high: float = float('inf')) -> None:
    """
    Check a number given on the command line.

    :raises ConfigError: if it is not from `low` to `high`.
    """
    if not low <= value <= high:
        bounds = f'of at least {low:g}' if high == float('inf') else f'from {low:g} to {high:g}'
        raise ConfigError(f'{name}: expected a number {bounds}, found {value:g}')


def guarded(work: Callable[[], int | None]) -> int:
    """Run a tool; return the exit status of the process, which is that of `work` or 0."""
    try:
        status = work() or 0
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has closed the pipe, as `head` does. Python must not flush again at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except VprError as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    except OSError as error:
        # A file cannot be read or written.
        where = f'{error.filename}: ' if error.filename else ''
        print(f'error: {where}{error.strerror or error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('interrupted', file=sys.stderr)
        return 130
    return status
