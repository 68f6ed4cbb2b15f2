"""
All that it takes to import lava-nc 0.10.0, and lava-dl 0.6.0, outside Python 3.10.

Both were made for Python 3.10 and are no longer maintained. What is in the way elsewhere:

- Python 3.11 refuses dataclass fields whose default cannot be hashed, and lava-nc has one such
  class, `ByteEncoder`. It is given a hash while its module is imported.
- lava-dl imports torchvision for its object detection, of which nothing is used here.
"""

from __future__ import annotations

import dataclasses
import sys
from importlib.util import find_spec
from types import ModuleType
from typing import Any

_OBJECT_DETECTION = 'lava.lib.dl.slayer.object_detection'


def lava_is_installed() -> bool:
    """Tell whether lava-nc is there, without importing it."""
    return find_spec('lava') is not None and find_spec('lava.magma') is not None


def lava_dl_is_installed() -> bool:
    """Tell whether lava-dl and the PyTorch that it needs are there, without importing them."""
    return (
        lava_is_installed()
        and find_spec('torch') is not None
        and find_spec('lava.lib') is not None
        and find_spec('lava.lib.dl') is not None
    )


def prepare_lava() -> None:
    """Make lava-nc importable; to be called before anything of it is imported."""
    if 'lava.magma.compiler.var_model' in sys.modules:
        return
    original = dataclasses.dataclass

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
    """Make lava-dl importable; to be called before anything of it is imported."""
    prepare_lava()
    if find_spec('torchvision') is None:
        sys.modules.setdefault(_OBJECT_DETECTION, ModuleType(_OBJECT_DETECTION))
