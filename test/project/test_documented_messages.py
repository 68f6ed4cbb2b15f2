"""Messages that the documentation quotes are those that the code gives, word for word."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import yaml
from support import ROOT

PAGES = sorted(
    path
    for path in [ROOT / 'docs' / 'diagnostics.md', *ROOT.glob('docs/tutorials/troubleshooting.md')]
)
# A quoted message, other than a setting or a command, has so many words.
WORDS = 4
# A message in the code says so much of a quoted one by itself, and not by what it fills in.
SHARE = 0.7


def literals() -> list[str]:
    """Return all texts in the package, with … for what is filled in."""
    found = []
    for file in (ROOT / 'vprtempo_ros').rglob('*.py'):
        for node in ast.walk(ast.parse(file.read_text(encoding='utf-8'))):
            if isinstance(node, ast.JoinedStr):
                found.append(
                    ''.join(
                        str(part.value) if isinstance(part, ast.Constant) else '…'
                        for part in node.values
                    )
                )
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(node.value)
    return [re.sub('…+', '…', text) for text in found]


TEXTS = literals()


def said_by_the_code(message: str) -> bool:
    """Return whether a text of the code reads as the message, `…` standing for anything."""
    size = len(message.replace('…', ''))
    for text in TEXTS:
        fixed = text.replace('…', '')
        if len(fixed) >= SHARE * size and re.fullmatch(
            '(.+?)'.join(re.escape(part) for part in text.split('…')), message, re.DOTALL
        ):
            return True
    return False


def quoted(page: Path) -> list[str]:
    """Return the messages in the first column of a page's tables."""
    cells = re.findall(r'^\| ([^|]*) \|', page.read_text(encoding='utf-8'), re.MULTILINE)
    return [
        message
        for cell in cells
        for message in re.findall(r'^`([^`]+)`', cell)
        if len(message.split()) >= WORDS
    ]


@pytest.mark.parametrize(
    ('page', 'message'),
    [pytest.param(page, message, id=message[:40]) for page in PAGES for message in quoted(page)],
)
def test_quoted_messages_are_in_the_code(page: Path, message: str) -> None:
    """Whoever searches the page for what a node said finds it."""
    assert said_by_the_code(message), f'{page.name} quotes what nobody says: {message}'


def test_there_is_something_to_hold() -> None:
    """The test would pass on pages that quote nothing."""
    assert sum(len(quoted(page)) for page in PAGES) >= 15
    assert not said_by_the_code('no image for … s on …: the moon is in the wrong house')
    assert not said_by_the_code('the camera is asleep: wake it')


def test_the_aggregator_finds_every_status() -> None:
    """The names that the node gives are those that the example of an aggregator looks for."""
    tree = yaml.safe_load((ROOT / 'config' / 'diagnostics_aggregator.yaml').read_text())
    group = tree['analyzers']['ros__parameters']['place_recognition']
    for name in ('/vpr_node: input', '/front/vpr_node: map'):
        assert any(part in name for part in group['contains'])
