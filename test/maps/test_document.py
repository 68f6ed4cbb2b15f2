"""The text of map.yaml and the digest of itself in it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.helpers import tiny_map

from vprtempo_ros.config import TrainerConfig
from vprtempo_ros.errors import ConfigError
from vprtempo_ros.maps.document import MAP, digest, digest_in, dump, parse, with_digest
from vprtempo_ros.maps.store import save
from vprtempo_ros.options import from_tree


@pytest.fixture
def text(tmp_path: Path) -> str:
    """Return the map.yaml of a map."""
    return (save(tiny_map(), tmp_path / 'office') / MAP).read_text(encoding='utf-8')


def content(text: str) -> dict[str, Any]:
    """Return the content of a map.yaml."""
    found = parse(text)
    assert isinstance(found, dict)
    return found


def test_the_digest_is_that_of_everything_else(text: str) -> None:
    """Without its last line the text has the digest of that line."""
    lines = text.splitlines(keepends=True)
    name, found = lines[-1].split()
    assert name == f'{MAP}:'
    assert hashlib.sha256(''.join(lines[:-1]).encode()).hexdigest() == found
    assert digest(content(text)) == digest_in(text, content(text)) == found


def test_written_as_any_writer_would(text: str) -> None:
    """The text with its digest is what PyYAML writes for all of it, and what it reads."""
    document = content(text)
    assert dump(document) == text == with_digest(document)
    assert yaml.safe_load(text) == document


def test_a_text_of_another_form_is_compared_by_its_content(text: str) -> None:
    """Order and style do not matter, values do."""
    document = content(text)
    checksums = dict(reversed(document['checksums'].items()))
    other = yaml.safe_dump({**document, 'checksums': checksums}, sort_keys=False, width=40)
    assert digest_in('# copied\n' + text, document) == document['checksums'][MAP]
    assert digest_in(other, content(other)) != document['checksums'][MAP]
    flow = yaml.safe_dump(document, sort_keys=False, default_flow_style=True)
    assert digest_in(flow, content(flow)) == document['checksums'][MAP]
    changed = text.replace('epochs: ', 'epochs: 1', 1)
    assert changed != text
    assert digest_in(changed, content(changed)) != document['checksums'][MAP]


@pytest.mark.parametrize(
    'text',
    ['[' * 100_000, '{' * 100_000, '- ' * 100_000, '\n'.join(' ' * n + 'a:' for n in range(99))],
    ids=['lists', 'mappings', 'items', 'lines'],
)
def test_too_deep(text: str) -> None:
    """Nesting ends in an error before it exhausts the stack."""
    with pytest.raises((ValueError, yaml.YAMLError)):
        parse(text)


def test_a_configuration_of_too_many_levels() -> None:
    """A configuration that contains itself is refused at once, in one short line."""
    tree: dict[str, Any] = {'encoding': {}}
    tree['encoding']['encoding'] = tree
    with pytest.raises(ConfigError, match='too many levels') as caught:
        from_tree(TrainerConfig, tree)
    assert len(str(caught.value)) < 150
