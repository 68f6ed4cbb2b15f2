"""
Makes lava-nc 0.10.0 and lava-dl 0.6.0 importable on later versions of Python than 3.10.

Both were made for Python 3.10 and are no longer maintained. Obstacles are removed:

- Python 3.11 refuses dataclass fields whose default cannot be hashed, and lava-nc has one such
  class, `ByteEncoder`. It gets a hash while its module is imported.
- lava-dl imports torchvision for object detection, which is not used here.
- Its netx imports PyTorch and Matplotlib for networks of other kinds, and Lava SciPy's signals for
  convolutions: four fifths of the time that the imports take, and memory in each process of Lava.
"""

from __future__ import annotations

import dataclasses
import sys
from importlib.util import find_spec
from types import ModuleType
from typing import Any

_OBJECT_DETECTION = 'lava.lib.dl.slayer.object_detection'
# What netx imports by name from modules for other networks than ours.
_UNUSED_BY_NETX = {
    'lava.lib.dl.slayer.neuron.rf': 'neuron_params',
    'lava.lib.dl.netx.sequential_modules': '',
    'lava.proc.conv.process': 'Conv',
}


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
    """Make lava-dl importable for training; call it before the first import from lava.lib.dl."""
    prepare_lava()
    if find_spec('torchvision') is None:
        sys.modules.setdefault(_OBJECT_DETECTION, ModuleType(_OBJECT_DETECTION))


def prepare_netx() -> None:
    """Make netx alone importable, without PyTorch; call it before its first import."""
    prepare_lava()
    for module, name in _UNUSED_BY_NETX.items():
        unused = sys.modules.setdefault(module, ModuleType(module))
        if name:
            unused.__dict__.setdefault(name, None)
