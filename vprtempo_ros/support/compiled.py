"""Compiled loops: machine code is cached on the disk if there is a place for it."""

from __future__ import annotations

from typing import Callable, TypeVar, cast

import numba

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
