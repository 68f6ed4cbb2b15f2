"""Messages quoted in the documentation are those of the code, word for word."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest
import yaml
from support import ROOT

PAGES = [
    ROOT / 'docs' / name
    for name in ('diagnostics.md', 'tutorials/teaching.md', 'tutorials/troubleshooting.md')
]
# Minimum number of words of a quoted message; settings and commands have fewer.
WORDS = 4
# Minimum fraction of a quoted message that is literal in the code, and not filled in.
SHARE = 0.7


@cache
def literals() -> list[str]:
    """Return all strings in the package, with … for what is filled in."""
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


def is_in_the_code(message: str) -> bool:
    """Return whether a string of the code matches the message; `…` stands for anything."""
    size = len(message.replace('…', ''))
    for text in literals():
        parts = text.split('…')
        if (
            sum(map(len, parts)) >= SHARE * size
            # Necessary, and found sooner.
            and all(part in message for part in parts)
            and re.fullmatch('(.+?)'.join(map(re.escape, parts)), message, re.DOTALL)
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
    """A user who searches the page for a message of a node finds it."""
    assert is_in_the_code(message), (
        f'{page.name} quotes a message that is not in the code: {message}'
    )


def test_the_check_can_fail() -> None:
    """There are quoted messages, and messages that the code does not have are found."""
    assert sum(len(quoted(page)) for page in PAGES) >= 15
    assert not is_in_the_code('no image for … s on …: the moon is in the wrong house')
    assert not is_in_the_code('the camera is asleep: wake it')


def test_the_aggregator_finds_every_status() -> None:
    """The example of an aggregator selects the names of the node's statuses."""
    tree = yaml.safe_load((ROOT / 'config' / 'diagnostics_aggregator.yaml').read_text())
    group = tree['analyzers']['ros__parameters']['place_recognition']
    for name in ('/vpr_node: input', '/front/vpr_node: map'):
        assert any(part in name for part in group['contains'])
