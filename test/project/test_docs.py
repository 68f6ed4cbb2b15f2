"""The documentation: its links are valid, its settings exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from support import ROOT
from support.pages import blocks, pages

from vprtempo_ros.config import NodeConfig, TrainerConfig
from vprtempo_ros.options import from_tree, options

LANGUAGES = {'', 'bash', 'yaml', 'python', 'bibtex'}
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


def test_the_readme_is_short() -> None:
    """What is longer belongs to a page of docs/."""
    assert len((ROOT / 'README.md').read_text(encoding='utf-8').split()) <= 900
