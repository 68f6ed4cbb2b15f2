"""env/environment.py: what a machine needs for the set-up."""

from __future__ import annotations

import platform
import sys
from importlib import import_module
from pathlib import Path

import pytest
from support import ROOT
from support.scripts import script


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


def test_tools_that_read_nir_need_an_environment_that_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Theirs would be made without a word, and each of their tests would fail."""
    monkeypatch.setattr(sys, 'argv', ['nir_peers.py', str(tmp_path / 'envs')])
    monkeypatch.setitem(sys.modules, 'nir', None)
    with pytest.raises(SystemExit) as ended:
        script('nir_peers').main()
    assert ended.value.code == 2
    said = capsys.readouterr().err.splitlines()
    assert 'expected the package nir, found none: run this with' in said[-1]
    assert not (tmp_path / 'envs').exists()
