"""The commands of the documentation: each page's run, one after the other."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from zipfile import ZipFile

import cv2
import numpy as np
import pytest
from support import ROOT
from support.brisbane import brisbane, nmea
from support.documented import Sandbox
from support.edited import bag_of
from support.events import event_drive
from support.pages import Block, blocks, pages
from support.shared import made_once
from support.street import Street

from vprtempo_ros.sources.event_data_sets import BRISBANE

WITH_COMMANDS = [
    page for page in pages() if any(block.language in ('bash', 'python') for block in blocks(page))
]


def name_of(page: Path) -> str:
    """Return the path of a page in the repository."""
    return str(page.relative_to(ROOT))


@pytest.fixture(scope='module')
def prepared(street: Street, quantised_map: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home folder with everything that the pages take for granted."""
    return made_once(tmp_path_factory, 'home', partial(prepare, street, quantised_map))


def prepare(street: Street, quantised_map: Path, home: Path) -> None:
    """Make maps, images and an event recording in a home folder."""
    maps = home / 'maps'
    for name in ('front', 'rear', 'office'):
        shutil.copytree(street.map, maps / name)
    pictures = {
        name: street.frames(recording)[::step]
        for name, recording, step in (('monday', 'reference', 2), ('friday', 'query', 1))
    }
    for name, frames in pictures.items():
        folder = home / 'my_images' / name
        folder.mkdir(parents=True)
        for number, frame in enumerate(frames):
            cv2.imwrite(
                str(folder / f'{number:03d}.png'),
                np.ascontiguousarray(frame.image.pixels)[..., ::-1],
            )
    now = np.ascontiguousarray(pictures['friday'][5].image.pixels)
    cv2.imwrite(str(home / 'now.png'), now[..., ::-1])
    downloads = home / 'Downloads' / 'nordland'
    downloads.mkdir(parents=True)
    for season, name in (('summer', 'monday'), ('winter', 'friday')):
        with ZipFile(downloads / f'{season}_images_train.zip', 'w') as archive:
            for file in sorted((home / 'my_images' / name).iterdir()):
                archive.write(file, f'{season}_images_train/section1/{int(file.stem)}.png')
    for name in list(BRISBANE)[:2]:
        brisbane(home / 'Downloads' / 'brisbane', nmea(range(10)), name)
    shutil.copytree(quantised_map, maps / 'office_int8')
    event_drive(home / 'drive_events', range(12))


@pytest.fixture
def sandbox(
    page: Path, street: Street, prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Sandbox]:
    """Yield a sandbox in a copy of the home folder."""
    home = tmp_path / 'home'
    shutil.copytree(prepared, home, symlinks=True)
    for name, recording in (('monday', 'reference'), ('tuesday', 'query'), ('drive', 'reference')):
        if page.name == 'neuromorphic.md':
            # Training by gradient takes as long as there are places: a quarter of the route.
            frames = street.frames(recording)
            bag_of(frames[: len(frames) // 4], home / name)
        else:
            (home / name).symlink_to(getattr(street.recordings, recording))
    monkeypatch.setenv('HOME', str(home))
    monkeypatch.chdir(home)
    with ExitStack() as stack:
        yield Sandbox(home, stack)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize('page', WITH_COMMANDS, ids=name_of)
def test_commands_run(page: Path, sandbox: Sandbox) -> None:
    """Each command of a page succeeds, one after the other."""
    if page.name == 'neuromorphic.md':
        for library in ('lava', 'sinabs', 'nir'):
            pytest.importorskip(library, reason='needs make lava')
    if page.name == 'nir.md':
        pytest.importorskip('nir', reason='needs make lava')
    for number, block in enumerate(found := blocks(page)):
        if block.language == 'bash':
            sandbox.run(block)
        elif block.language == 'python':
            sandbox.run_python(block.text)
        elif block.language == 'yaml':
            write_where_it_is_used(block, found[number + 1 :], sandbox.home)
    sandbox.end_all()


def write_where_it_is_used(block: Block, later: list[Block], home: Path) -> None:
    """Write a parameter file under the name in the next command that uses it."""
    used = re.search(r'params[-_]file(?::=| )(\S+)', '\n'.join(other.text for other in later))
    assert used, f'no command uses the file in line {block.line}'
    (home / used[1]).write_text(block.text)
