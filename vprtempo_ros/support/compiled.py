"""Compiling loops: what is compiled is kept on the disk, where there is a place for it."""

from __future__ import annotations

from typing import Any, Callable

import numba


def njit(cache: bool = False, **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """
    Compile a function as `numba.njit` does; with `cache`, keep it on the disk if possible.

    numba refuses to import a function that it cannot keep: a robot whose package is not its user's
    and whose user has no home would not start. There it is compiled anew by each process.
    """

    def compiled(function: Callable[..., Any]) -> Any:
        if cache:
            try:
                return numba.njit(cache=True, **options)(function)
            except RuntimeError as error:
                if 'cannot cache' not in str(error):
                    raise
        return numba.njit(**options)(function)

    return compiled
