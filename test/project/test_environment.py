"""env/environment.py: what a machine needs for the set-up."""

from __future__ import annotations

import platform
import sys
from importlib import import_module
from pathlib import Path

import pytest
from support import ROOT


@pytest.mark.skipif(platform.machine() != 'x86_64', reason='wheels of ROS 2 are for x86-64')
def test_a_python_without_wheels_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A newer Python than there are wheels of ROS 2 for is no matter of minutes with pip."""
    monkeypatch.syspath_prepend(str(ROOT / 'env'))
    environment, progress = import_module('environment'), import_module('progress')
    monkeypatch.setattr(environment, 'NEWEST_WITH_WHEELS', (3, 9))
    setup = environment.Setup(Path('.venv'), 'jazzy', False, frozenset(), {}, {})
    with pytest.raises(progress.Failure) as refused:
        environment.check_machine(setup)
    found = sys.version.split()[0]
    assert f'wheels for Python 3.10 to 3.9, {sys.executable} is {found}' in str(refused.value)
    assert '\n' not in str(refused.value)
