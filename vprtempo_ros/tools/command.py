"""How every command-line tool ends: a `VprError` is one line, not a traceback."""

from __future__ import annotations

import sys
from typing import Callable

from ..errors import VprError


def guarded(work: Callable[[], None]) -> int:
    """Run the tool's work; return the process's exit status."""
    try:
        work()
    except VprError as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('interrupted', file=sys.stderr)
        return 130
    return 0
