"""How tests compile the package's loops, which costs a minute of CPU time where none is cached."""

from __future__ import annotations

import fcntl
import hashlib
import os
from functools import wraps
from pathlib import Path
from typing import Any

from support import folder_of_machine
from support.measuring import PROCESSES, untraced


def compile_once() -> None:
    """
    Let one process compile a loop, while others wait to take it from the cache.

    numba lets every process compile that misses a loop, and workers reach the same tests together.
    Where something is measured, compile without the tracer, which is twice as fast.
    """
    from numba.core.caching import NullCache
    from numba.core.compiler_lock import global_compiler_lock
    from numba.core.dispatcher import Dispatcher

    compile_here = Dispatcher.compile

    @wraps(compile_here)
    def compile_in_turn(self: Any, signature: Any) -> Any:
        if isinstance(self._cache, NullCache):
            return compile_here(self, signature)
        # The lock of this process first: a loop is compiled while one that calls it is.
        with global_compiler_lock, _lock(self.py_func).open('w') as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return compile_here(self, signature)

    Dispatcher.compile = untraced(compile_in_turn) if PROCESSES in os.environ else compile_in_turn


def _lock(function: Any) -> Path:
    """Return the file that stands for a function of this checkout."""
    code = function.__code__
    name = hashlib.sha256(f'{code.co_filename} {code.co_firstlineno}'.encode()).hexdigest()[:16]
    return folder_of_machine('loops') / name
