"""Changes of the folder that a map was loaded from."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from support.helpers import tiny_map

from vprtempo_ros.health.map_on_disk import MapOnDisk
from vprtempo_ros.maps.store import FILES, save


def test_every_file_counts(tmp_path: Path) -> None:
    """A file that is written, exchanged or gone is noticed; what only edits need is not."""
    folder = save(tiny_map(), tmp_path / 'map')
    (folder / 'training.safetensors').write_bytes(b'')
    on_disk = MapOnDisk(str(folder))
    (folder / 'training.safetensors').unlink()
    (folder / 'previous').mkdir()
    assert not on_disk.changed
    assert on_disk.problem(True, '') == on_disk.problem(False, '') == ''
    for name in FILES[:5]:
        on_disk = MapOnDisk(str(folder))
        aside = tmp_path / name
        shutil.copy2(folder / name, aside)
        before = (folder / name).stat()
        os.replace(aside, folder / name)
        assert (folder / name).stat().st_size == before.st_size
        assert on_disk.changed


def test_what_is_said(tmp_path: Path) -> None:
    """Gone; replaced and not asked for; being loaded; refused."""
    folder = save(tiny_map(), tmp_path / 'map')
    on_disk = MapOnDisk(str(folder))
    os.utime(folder / 'map.yaml', ns=(1, 1))
    assert 'has been replaced: the old map stays in use' in on_disk.problem(False, '')
    assert on_disk.problem(True, '') == ''
    assert on_disk.problem(True, 'damaged') == (
        'the old map stays in use, the one in its folder cannot be: damaged'
    )
    (folder / 'map.yaml').unlink()
    assert on_disk.signature() is None
    assert 'is gone: the map stays in memory' in on_disk.problem(True, 'damaged')
