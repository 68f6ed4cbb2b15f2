"""Upstream VPRTempo (PyPI, MIT), which the learning rule and the encoding are compared with."""

from __future__ import annotations

import sys
import types
from types import ModuleType

import pytest


def blitnet() -> ModuleType:
    """Return upstream's layers and learning rule."""
    pytest.importorskip('torch', reason='the oracle needs torch')
    return pytest.importorskip('vprtempo.src.blitnet', reason='the oracle is not installed')


def dataset() -> ModuleType:
    """Return upstream's preprocessing; it imports torchvision only to read image files."""
    pytest.importorskip('torch', reason='the oracle needs torch')
    stand_ins: dict[str, ModuleType] = {}
    if 'torchvision' not in sys.modules:
        torchvision, io = types.ModuleType('torchvision'), types.ModuleType('torchvision.io')
        io.read_image = None  # type: ignore[attr-defined]
        torchvision.io = io  # type: ignore[attr-defined]
        stand_ins = {'torchvision': torchvision, 'torchvision.io': io}
    sys.modules.update(stand_ins)
    try:
        return pytest.importorskip('vprtempo.src.dataset', reason='the oracle is not installed')
    finally:
        # Others ask whether torchvision is installed.
        for name in stand_ins:
            del sys.modules[name]
