"""The documentation: its commands run, its links are valid, its settings exist."""

from __future__ import annotations

import re
import shutil
from contextlib import ExitStack
from pathlib import Path
from zipfile import ZipFile

import cv2
import numpy as np
import pytest
import yaml
from support import ROOT
from support.documented import Block, Sandbox, blocks, pages
from support.events import event_drive

from vprtempo_ros.config import NodeConfig, TrainerConfig
from vprtempo_ros.maps.building import build_map
from vprtempo_ros.maps.store import save
from vprtempo_ros.options import from_flat, from_tree, options

LANGUAGES = {'', 'bash', 'yaml', 'python', 'bibtex'}
WITH_COMMANDS = [
    page for page in pages() if any(block.language in ('bash', 'python') for block in blocks(page))
]
# The READMEs of folders link to pages, and need not be reached from them.
READMES = [
    *sorted((ROOT / 'vprtempo_ros').rglob('README.md')),
    *sorted((ROOT / 'test').rglob('README.md')),
    ROOT / 'interfaces' / 'README.md',
    ROOT / 'CHANGELOG.md',
    ROOT / 'SECURITY.md',
]


def name_of(page: Path) -> str:
    """Return the path of a page in the repository."""
    return str(page.relative_to(ROOT))


@pytest.fixture(scope='module')
def prepared(street, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home folder with everything that the pages take for granted."""
    home = tmp_path_factory.mktemp('home')
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
    settings = {
        'bags': [str(street.recordings.reference)],
        'map': str(maps / 'office_int8'),
        'places.by': 'metres',
        'places.spacing': 2.0,
        'training.quantize': 'qat',
    }
    save(build_map(from_flat(TrainerConfig, settings)), maps / 'office_int8')
    event_drive(home / 'drive_events', range(12))
    return home


@pytest.fixture
def sandbox(street, prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Yield a sandbox in a copy of the home folder."""
    home = tmp_path / 'home'
    shutil.copytree(prepared, home, symlinks=True)
    for name, recording in (('monday', 'reference'), ('tuesday', 'query'), ('drive', 'reference')):
        (home / name).symlink_to(getattr(street.recordings, recording))
    monkeypatch.setenv('HOME', str(home))
    monkeypatch.chdir(home)
    with ExitStack() as stack:
        yield Sandbox(home, stack)


@pytest.mark.long
@pytest.mark.parametrize('page', WITH_COMMANDS, ids=name_of)
def test_commands_run(page: Path, sandbox: Sandbox) -> None:
    """Each command of a page succeeds, one after the other."""
    if page.name == 'neuromorphic.md':
        for library in ('lava', 'sinabs', 'nir'):
            pytest.importorskip(library, reason='needs make lava')
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


@pytest.mark.parametrize('page', pages(), ids=name_of)
def test_blocks_are_marked(page: Path) -> None:
    """Commands are in blocks marked bash, which are run; parameters in YAML blocks exist."""
    for block in blocks(page):
        assert block.language in LANGUAGES, (block.language, block.line)
        if block.language == '':
            assert not re.search(r'^(ros2|make|sudo|pip|colcon|rosdep) ', block.text, re.MULTILINE)
        if block.language == 'yaml':
            tree = yaml.safe_load(block.text)
            for node, content in tree.items():
                if node == '/**':
                    from_tree(TrainerConfig, content['ros__parameters'])
                else:
                    assert 'lifecycle_manager' in node
    for number, line in enumerate(page.read_text().splitlines(), start=1):
        assert not re.match(r' {4,}(ros2|make) ', line), f'line {number}: indented, so not run'


@pytest.mark.parametrize('page', pages(), ids=name_of)
def test_options_exist(page: Path) -> None:
    """Options that a page names exist: `match.top_k`, `match.sequence`, `match.*`."""
    known = {item.name for cls in (NodeConfig, TrainerConfig) for item in options(cls)}
    sections = {name.partition('.')[0] for name in known if '.' in name}
    for name in re.findall(rf'`((?:{"|".join(sections)})\.[\w.]*)', page.read_text()):
        if not name.endswith(('.py', '.csv')):
            found = name.rstrip('.')
            assert any(f'{option}.'.startswith(f'{found}.') for option in known), name


@pytest.mark.parametrize('page', [*pages(), *READMES], ids=name_of)
def test_links_are_valid(page: Path) -> None:
    """Linked files and headings exist."""
    for target in re.findall(r'\]\(([^)\s]+)\)', page.read_text()):
        if target.startswith('http'):
            continue
        file, _, heading = target.partition('#')
        path = (page.parent / file).resolve() if file else page
        assert path.exists(), target
        if heading:
            headings = {
                re.sub(r'[^\w\- ]', '', line.lstrip('# ')).lower().replace(' ', '-')
                for line in path.read_text().splitlines()
                if line.startswith('#')
            }
            assert heading in headings, target


def test_every_page_is_found_from_the_first() -> None:
    """Links lead from the README to every page."""
    seen, ahead = set(), [ROOT / 'README.md']
    while ahead:
        page = ahead.pop()
        if page in seen or not page.exists():
            continue
        seen.add(page)
        ahead += [
            (page.parent / target.partition('#')[0]).resolve()
            for target in re.findall(r'\]\(([^)\s]+\.md)[^)]*\)', page.read_text())
            if not target.startswith('http')
        ]
    assert set(pages()) <= seen, set(pages()) - seen
