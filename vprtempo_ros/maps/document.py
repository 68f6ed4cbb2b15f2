"""The text of map.yaml: reading it, and writing it with a digest of itself."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import yaml

from ..errors import MapError
from .map import FORMAT_VERSION, READABLE_VERSIONS

MAP = 'map.yaml'

Document = dict[str, object]
"""The content of map.yaml, unchecked."""

# Compiled, and several times as fast; built without libyaml, PyYAML has not got it.
_LOADER: type = getattr(yaml, 'CSafeLoader', yaml.SafeLoader)
# Levels of nesting in any map.yaml, with room to spare.
_DEPTH = 50
# A map.yaml has a few kilobytes; a much larger file is not one.
_YAML_MAX = 1 << 20
_OPENING = yaml.MappingStartEvent, yaml.SequenceStartEvent
_CLOSING = yaml.MappingEndEvent, yaml.SequenceEndEvent


def read_document(folder: Path) -> tuple[Document, str]:
    """Return the content of map.yaml, and its text."""
    file = folder / MAP
    if not folder.exists():
        raise MapError(f'{folder}: no such map')
    if not file.is_file():
        # Maps of Nav2 are named by their map.yaml.
        above = f'name its folder, {folder.parent}' if folder.name == MAP else f'no {MAP} in it'
        raise MapError(f'{folder}: not a map ({above})')
    if file.stat().st_size > _YAML_MAX:
        raise MapError(f'{file}: larger than any map.yaml ({file.stat().st_size} bytes)')
    try:
        text = file.read_text(encoding='utf-8')
        document = parse(text)
    except OSError:
        raise
    except Exception as error:  # Besides YAMLError: ValueError, KeyError, RecursionError...
        reason = ' '.join(str(error).split())
        raise MapError(f'{file}: not valid YAML ({reason})') from None
    if not isinstance(document, dict) or not isinstance(document.get('checksums'), dict):
        raise MapError(f'{file}: not a map.yaml (expected format_version, config, checksums)')
    version = document.get('format_version')
    if version not in READABLE_VERSIONS:
        hint = (
            'install a newer vprtempo_ros'
            if isinstance(version, int) and version > FORMAT_VERSION
            else 'train the map again'
        )
        raise MapError(
            f'{folder}: map format {version}, this software reads '
            f'{_listed(READABLE_VERSIONS)}; {hint}'
        )
    return document, text


def holds_map(folder: Path) -> bool:
    """Return whether a folder holds a map, damaged or not: a map of Nav2 has a map.yaml, too."""
    file = folder / MAP
    if not file.is_file():
        return False
    with file.open('rb') as stream:
        return b'format_version' in stream.read(_YAML_MAX)


def version_of(document: Document) -> int:
    """Return the version of the format."""
    version = document['format_version']
    assert isinstance(version, int)
    return version


def checksums_in(document: Document) -> dict[str, str]:
    """Return the digests by name, of which values that are no text are left out."""
    found = document['checksums']
    assert isinstance(found, dict)
    return {name: digest for name, digest in found.items() if isinstance(digest, str)}


def parse(text: str) -> object:
    """
    Return what a text of YAML contains.

    :raises ValueError: if it is nested too deep, which the compiled loader would not survive.
    :raises yaml.YAMLError: if it is not YAML; values of known types raise errors of their own.
    """
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        depth += isinstance(event, _OPENING) - isinstance(event, _CLOSING)
        if depth > _DEPTH:
            raise ValueError(f'more than {_DEPTH} levels')
    return yaml.load(text, Loader=_LOADER)


def dump(document: Document) -> str:
    """Return the text of a document, the same with every version of this software."""
    return str(yaml.safe_dump(document, sort_keys=False, allow_unicode=True))


def digest(document: Document) -> str:
    """Return the SHA-256 digest of the text of everything except this digest."""
    return _digest(dump({**document, 'checksums': _others(document)}))


def with_digest(document: Document) -> str:
    """Return the text of a document whose last entry are the checksums, its own added to them."""
    assert list(document)[-1] == 'checksums'
    text = dump({**document, 'checksums': _others(document)})
    return text + _last_line(_digest(text))


def digest_in(text: str, document: Document) -> str:
    """Return the digest of a document by its text, which `with_digest` wrote or anything else."""
    checksums = document['checksums']
    assert isinstance(checksums, dict)
    stated = checksums.get(MAP)
    # Writing it again, to compare, takes most of the time that loading a small map takes.
    if isinstance(stated, str) and text.endswith(end := _last_line(stated)):
        written = _digest(text[: -len(end)])
        if written == stated:
            return written
    return digest(document)


def _others(document: Document) -> Mapping[str, object]:
    checksums = document['checksums']
    assert isinstance(checksums, dict)
    return {name: value for name, value in checksums.items() if name != MAP}


def _last_line(digest: str) -> str:
    return '  ' + dump({MAP: digest})


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _listed(versions: tuple[int, ...]) -> str:
    return f'{", ".join(map(str, versions[:-1]))} and {versions[-1]}'
