"""How many threads NumPy's linear algebra uses."""

from __future__ import annotations

import sys
import threading
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController


class _Limits(Protocol):
    """The numbers of threads that were, as threadpoolctl keeps them."""

    def restore_original_limits(self) -> None:
        """Return to them."""


class BlasThreads:
    """
    Limits the process's BLAS to a number of threads until `restore` is called.

    Of several limits the newest that is not restored yet holds, in any order of their ends.
    """

    _active: list[BlasThreads] = []
    _lock = threading.Lock()
    # The limits before the first of those that are active, and of libraries loaded since.
    _original: _Limits | None = None
    _later: list[_Limits] = []

    def __init__(self, threads: int) -> None:
        """Set the number of threads; it applies to the whole process, as torch's does."""
        self._threads = threads
        with self._lock:
            found = self._apply(threads)
            if not self._active:
                BlasThreads._original = found
            self._active.append(self)

    def restore(self) -> None:
        """Return to the number of threads that holds without this limit; again without effect."""
        with self._lock:
            if self not in self._active:
                return
            newest = self._active[-1] is self
            self._active.remove(self)
            if not self._active:
                while self._later:
                    self._later.pop().restore_original_limits()
                assert self._original is not None
                self._original.restore_original_limits()
            elif newest:
                self._apply(self._active[-1]._threads)

    @classmethod
    def hold(cls) -> None:
        """Let the limit that holds, if any, hold for libraries loaded since, as SciPy's."""
        with cls._lock:
            if cls._active:
                cls._later.append(cls._apply(cls._active[-1]._threads))

    @staticmethod
    def _apply(threads: int) -> _Limits:
        found: _Limits = _libraries(len(sys.modules)).limit(limits=threads, user_api='blas')
        return found


@lru_cache(maxsize=1)
def _libraries(modules: int) -> ThreadpoolController:
    """Return what sets the threads of the libraries loaded; looked for again after an import."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
