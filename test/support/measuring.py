"""What coverage does not measure: its tracer makes Python two to three times as slow."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, wraps
from importlib import import_module
from typing import ParamSpec, TypeVar

from support import TEST as TESTS

P = ParamSpec('P')
T = TypeVar('T')

# With it, coverage measures the processes that are started.
PROCESSES = 'COVERAGE_PROCESS_CONFIG'
# Its value, also while `unmeasured` holds.
MEASURED = os.environ.get(PROCESSES)
# The test for which they are started, where it is asked which test reaches what.
TEST = 'VPRTEMPO_TEST'


def untraced(function: Callable[P, T]) -> Callable[P, T]:
    """Let a function that runs nothing of the package, but much else, run without the tracer."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        tracer = sys.gettrace()
        sys.settrace(None)
        try:
            return function(*args, **kwargs)
        finally:
            sys.settrace(tracer)

    return run


def draw_untraced() -> None:
    """Let matplotlib be imported and draw without the tracer, where something is measured."""
    if PROCESSES in os.environ:
        agg = untraced(import_module)('matplotlib.backends.backend_agg')
        agg.FigureCanvasAgg.print_png = untraced(agg.FigureCanvasAgg.print_png)


@contextmanager
def unmeasured() -> Iterator[None]:
    """Measure nothing meanwhile: neither here, nor in threads and processes that are started."""
    if PROCESSES not in os.environ:
        # Only `make test` measures.
        yield
        return
    configuration = os.environ.pop(PROCESSES)
    tracer, of_threads = sys.gettrace(), threading.gettrace()
    sys.settrace(None)
    threading.settrace(None)
    try:
        yield
    finally:
        threading.settrace(of_threads)
        sys.settrace(tracer)
        os.environ[PROCESSES] = configuration


@cache
def listed() -> frozenset[str]:
    """Return the tests and cases of unmeasured.txt."""
    lines = (TESTS / 'unmeasured.txt').read_text(encoding='utf-8').splitlines()
    return frozenset(line for line in lines if not line.startswith('#'))


def is_unmeasured(name: str) -> bool:
    """Return whether a test, or all cases of its function, are left out of the coverage."""
    return bool({name, name.partition('[')[0]} & listed())


def enter_test(name: str) -> None:
    """Count what this process runs from now on for a test."""
    from coverage import Coverage

    current = Coverage.current()
    assert current is not None
    current.switch_context(name)
