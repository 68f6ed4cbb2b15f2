"""Compiled loops: machine code is cached on the disk if there is a place for it."""

from __future__ import annotations

from typing import Callable, TypeVar, cast

import numba

FAST = {'reassoc', 'contract', 'arcp', 'nsz'}
"""
Option `fastmath` of loops of sums: they may be reordered (that is what makes them vectors); NaN and
infinity keep their meaning. With it goes `error_model='numpy'`: checks for divisions by zero, which
NumPy's model of errors has none of, would not make vectors.
"""
BLOCK = 2048
"""Places that are worked on together, so that they stay in the first-level cache."""

F = TypeVar('F', bound=Callable[..., object])


def njit(cache: bool = False, **options: object) -> Callable[[F], F]:
    """
    Compile a function as `numba.njit` does; with `cache`, keep the machine code if possible.

    numba refuses to import a function that it cannot cache: a robot whose package belongs to
    another user, and whose user has no home, would not start. There each process compiles again.
    """

    def compiled(function: F) -> F:
        if cache:
            try:
                return cast(F, numba.njit(cache=True, **options)(function))
            except RuntimeError as error:
                if 'cannot cache' not in str(error):
                    raise
        return cast(F, numba.njit(**options)(function))

    return compiled
