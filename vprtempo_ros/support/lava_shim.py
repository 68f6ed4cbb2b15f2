"""
Makes lava-nc 0.10.0 and lava-dl 0.6.0 importable on later versions of Python than 3.10.

Both were made for Python 3.10 and are no longer maintained. Two obstacles are removed:

- Python 3.11 refuses dataclass fields whose default cannot be hashed, and lava-nc has one such
  class, `ByteEncoder`. It gets a hash while its module is imported.
- lava-dl imports torchvision for object detection, which is not used here.
"""

from __future__ import annotations

import dataclasses
import sys
from importlib.util import find_spec
from types import ModuleType
from typing import Any

_OBJECT_DETECTION = 'lava.lib.dl.slayer.object_detection'


def lava_is_installed() -> bool:
    """Return whether lava-nc is installed, without importing it."""
    return find_spec('lava') is not None and find_spec('lava.magma') is not None


def lava_dl_is_installed() -> bool:
    """Return whether lava-dl and the PyTorch it needs are installed, without importing them."""
    return (
        lava_is_installed()
        and find_spec('torch') is not None
        and find_spec('lava.lib') is not None
        and find_spec('lava.lib.dl') is not None
    )


def prepare_lava() -> None:
    """Make lava-nc importable; call it before the first import from lava."""
    if 'lava.magma.compiler.var_model' in sys.modules:
        return
    original = dataclasses.dataclass

    # The signature of dataclasses.dataclass, which has no narrower type for all its uses.
    def dataclass(cls: Any = None, **options: Any) -> Any:
        if cls is not None and cls.__name__ == 'ByteEncoder':
            return original(cls, unsafe_hash=True, **options)
        return original(cls, **options)

    dataclasses.dataclass = dataclass  # type: ignore[assignment]
    try:
        import lava.magma.compiler.var_model  # noqa: F401
    finally:
        dataclasses.dataclass = original


def prepare_lava_dl() -> None:
    """Make lava-dl importable; call it before the first import from lava.lib.dl."""
    prepare_lava()
    if find_spec('torchvision') is None:
        sys.modules.setdefault(_OBJECT_DETECTION, ModuleType(_OBJECT_DETECTION))
