"""Compiled loops: machine code is cached on the disk if there is a place for it."""

from __future__ import annotations

import sys
from contextlib import suppress
from importlib import import_module
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


def _skip_scipy() -> None:
    """
    Let numba import its functions of arrays without scipy.linalg, a fifth of the first call's time.

    It asks whether BLAS is there only to refuse `np.cov` at once; `np.dot` and others ask when they
    are compiled, as before.
    """
    # Modules of numba that a later version may not have.
    with suppress(ImportError, AttributeError):
        from numba.np import linalg

        ask = linalg.ensure_blas
        linalg.ensure_blas = lambda: None
        try:
            import_module('numba.np.arraymath')
        finally:
            linalg.ensure_blas = ask


if 'scipy.linalg' not in sys.modules:
    _skip_scipy()
