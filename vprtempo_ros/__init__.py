"""
Visual place recognition with small spiking networks (VPRTempo) for ROS 2.

`Recogniser`, `build_map` and `load_map` are the Python API; none of it needs ROS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .version import __version__ as __version__

if TYPE_CHECKING:
    from .api import build_map as build_map
    from .api import load_map as load_map
    from .matching.match import Match as Match
    from .recogniser import Recogniser as Recogniser

__all__ = ['Match', 'Recogniser', '__version__', 'build_map', 'load_map']

_HOMES = {
    'Match': 'matching.match',
    'Recogniser': 'recogniser',
    'build_map': 'api',
    'load_map': 'api',
}


def __getattr__(name: str) -> object:
    # On first use: a tool that needs one module does not wait for all of them.
    if name not in _HOMES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    from importlib import import_module

    globals()[name] = found = getattr(import_module(f'.{_HOMES[name]}', __name__), name)
    return found
