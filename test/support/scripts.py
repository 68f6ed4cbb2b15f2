"""Scripts of env/, which are no modules of the package."""

from __future__ import annotations

import importlib.util
from types import ModuleType

from support import ROOT


def script(name: str) -> ModuleType:
    """Return env/NAME.py as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / 'env' / f'{name}.py')
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
