"""At any time while a map is written, there is the old map or the new one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import PATIENCE, environment
from support.helpers import names, tiny_map, tree

from vprtempo_ros.errors import MapError
from vprtempo_ros.maps import folder as folder_files
from vprtempo_ros.maps import store, swap
from vprtempo_ros.maps.store import save


@pytest.mark.parametrize('at_once', [True, False], ids=['renameat2', 'two renames'])
def test_overwriting_leaves_the_new_map_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: bool
) -> None:
    """With overwrite the new map replaces the old one, and nothing is left of that."""
    if not at_once:
        monkeypatch.setattr(swap, '_exchange_at_once', lambda first, second: False)
    folder = save(tiny_map(), tmp_path / 'office')
    old = tree(folder)
    (folder / 'notes.txt').write_text('of the old map')
    save(tiny_map(1), folder, overwrite=True)
    assert tree(folder) == tree(save(tiny_map(1), tmp_path / 'expected')) != old
    assert names(tmp_path) == ['expected', 'office']


@pytest.mark.parametrize('failing', ['write_places', 'write_network', 'exchange', 'with_digest'])
@pytest.mark.parametrize('error', [OSError(28, 'No space left on device'), KeyboardInterrupt()])
def test_failure_leaves_the_old_map(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str, error: BaseException
) -> None:
    """At each point where writing fails or is interrupted, only the old map stays."""
    folder = save(tiny_map(), tmp_path / 'office')
    before = tree(folder)

    def fail(*given: object) -> None:
        raise error

    monkeypatch.setattr(store if failing == 'exchange' else folder_files, failing, fail)
    expected = MapError if isinstance(error, OSError) else KeyboardInterrupt
    with pytest.raises(expected):
        save(tiny_map(1), folder, overwrite=True)
    with pytest.raises(expected):
        save(tiny_map(1), tmp_path / 'new')
    assert tree(folder) == before
    assert names(tmp_path) == ['office']


def test_a_full_disk_leaves_the_old_map(tmp_path: Path) -> None:
    """If the disk is full, the error is one line and the old map stays."""
    folder = save(tiny_map(), tmp_path / 'office')
    before = tree(folder)
    limit = (folder / 'network.safetensors').stat().st_size // 2
    program = (
        'import resource, sys\n'
        'from support.helpers import tiny_map\n'
        'from vprtempo_ros.errors import MapError\n'
        'from vprtempo_ros.maps.store import save\n'
        'built = tiny_map(1)\n'
        'most = resource.getrlimit(resource.RLIMIT_FSIZE)[1]\n'
        f'resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, most))\n'
        'try:\n'
        f'    save(built, {str(folder)!r}, overwrite=True)\n'
        'except MapError as error:\n'
        '    print(error)\n'
        # Coverage writes its data at the end.
        'resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))\n'
    )
    done = subprocess.run(
        [sys.executable, '-c', program],
        env=environment(),
        text=True,
        capture_output=True,
        check=True,
        timeout=PATIENCE,
    )
    assert done.stdout == (
        f'{folder}: cannot be written (File too large); what was there is unchanged\n'
    )
    assert tree(folder) == before
    assert names(tmp_path) == ['office']


def test_the_two_renames_put_the_old_map_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without renameat2, a failing second rename is undone."""
    monkeypatch.setattr(swap, '_exchange_at_once', lambda first, second: False)
    folder = save(tiny_map(), tmp_path / 'office')
    before = tree(folder)
    rename = os.rename

    def fail(source: Path, target: Path) -> None:
        if Path(target) == folder and not str(source).endswith('.old'):
            raise OSError(5, 'Input/output error')
        rename(source, target)

    monkeypatch.setattr(os, 'rename', fail)
    with pytest.raises(MapError, match='Input/output error'):
        save(tiny_map(1), folder, overwrite=True)
    assert tree(folder) == before
    assert names(tmp_path) == ['office']


def test_an_exchange_that_is_not_possible(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the system call two renames are used; an error of the call is passed on."""
    (tmp_path / 'a').mkdir()
    with pytest.raises(FileNotFoundError):
        swap._exchange_at_once(tmp_path / 'a', tmp_path / 'nothing')
    monkeypatch.setattr(swap.ctypes, 'CDLL', lambda *given, **named: object())
    assert swap._exchange_at_once(tmp_path / 'a', tmp_path / 'nothing') is False
