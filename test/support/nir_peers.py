"""Other tools that read and write NIR."""

from __future__ import annotations

import sys
from importlib.util import find_spec

import pytest

from support import ROOT


def python_with(tool: str) -> str:
    """Return an interpreter that has a tool: its own of env/nir_peers.py, or this one."""
    own = ROOT / '.venvs' / 'nir' / tool / 'bin' / 'python'
    if own.is_file():
        return str(own)
    if find_spec(tool) is None:
        pytest.skip(f'needs {tool}: .venv/bin/python env/nir_peers.py .venvs/nir {tool}')
    return sys.executable
