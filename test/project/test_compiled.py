"""Compiled loops run where there is no place to keep them."""

from __future__ import annotations

import os
import subprocess
import sys

# Nothing can be made in /proc, not even by root: neither next to the source nor at home.
_CODE = """
import numba
from vprtempo_ros.support.compiled import njit

space = {}
exec(compile('def twice(x): return 2 * x', '/proc/loops.py', 'exec'), space)
try:
    numba.njit(cache=True)(space['twice'])
except RuntimeError as error:
    print('numba:', error)
print(njit(cache=True, nogil=True)(space['twice'])(21))
"""


def test_without_a_place_to_keep_them() -> None:
    """A package that only root may write, and a user without a home: numba alone refuses."""
    environment = {**os.environ, 'HOME': '/proc', 'XDG_CACHE_HOME': '/proc/cache'}
    environment.pop('NUMBA_CACHE_DIR', None)
    done = subprocess.run(
        [sys.executable, '-c', _CODE], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines() == [
        "numba: cannot cache function 'twice': no locator available for file '/proc/loops.py'",
        '42',
    ], done.stderr
