"""Upstream VPRTempo (PyPI, MIT), which the learning rule and the encoding are compared with."""

from __future__ import annotations

from types import ModuleType

import pytest

from benchmarks.upstream import module
from vprtempo_ros.errors import VprError


def blitnet() -> ModuleType:
    """Return upstream's layers and learning rule."""
    return _module('blitnet')


def dataset() -> ModuleType:
    """Return upstream's preprocessing."""
    return _module('dataset')


def _module(name: str) -> ModuleType:
    """Return a module of upstream's; skip the test where it, or torch, is not installed."""
    try:
        return module(name)
    except VprError as error:
        pytest.skip(str(error))
