"""
Files in the Neuromorphic Intermediate Representation (NIR), read from their HDF5 and checked.

Only h5py is needed. Nothing is executed; links to other files and filters of plugins are refused,
and the size that an array claims is checked before memory is allocated.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import Floats
from ..errors import MapError
from ..network.graph import Matrix, Population
from .nir_nodes import NODES, stage_of

if TYPE_CHECKING:
    import h5py

HINT = 'pip install h5py (apt: python3-h5py)'
# Versions of the package nir whose files have this layout.
VERSIONS = ('0.2', '1.')
# Bytes of one array, and how far the filters of HDF5 may compress it (deflate: 1032).
_LARGEST, _COMPRESSION = 1 << 32, 1100
_FILTERS = (None, 'gzip', 'lzf', 'szip')
_NODES_MAX = 1000

Stages = tuple[Matrix | Population, ...]


def read_stages(file: Path, inputs: int, dt: float) -> Stages:
    """
    Return the stages of the chain in a file that takes `inputs` values, in steps of `dt` seconds.

    :raises MapError: in one line, if it is not a NIR file, is damaged, is not one chain of nodes
        that backend nir runs, or takes another number of inputs.
    """
    try:
        import h5py
    except ImportError:
        raise MapError(f'from_nir needs the package h5py: {HINT}') from None
    if not file.is_file():
        raise MapError(f'{file}: no such file')
    try:
        with h5py.File(file, 'r') as root:
            version = _text(root, 'version')
            if not version.startswith(VERSIONS):
                raise MapError(
                    f'written by nir {version:.40}, this software reads the files of '
                    f'{" and ".join(each.rstrip(".") for each in VERSIONS)}'
                )
            return tuple(_stages(_group(root, 'node'), inputs, dt))
    except MapError as error:
        raise MapError(f'{file}: {error}') from None
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, AttributeError) as error:
        # What h5py raises for damaged files.
        reason = ' '.join(str(error).split())
        raise MapError(f'{file}: not a NIR file, or damaged ({reason:.200})') from None


def _stages(graph: h5py.Group, inputs: int, dt: float) -> Iterator[Matrix | Population]:
    kind = _text(graph, 'type')
    if kind != 'NIRGraph':
        raise MapError(f'expected a NIRGraph, found {kind:.40}')
    nodes = _group(graph, 'nodes')
    count = inputs
    for name in _chain(nodes, _edges(graph)):
        node = _group(nodes, name)
        kind = _text(node, 'type')
        if kind not in NODES:
            known = ', '.join(NODES)
            raise MapError(f'node {name:.40}: {kind:.40} is not run here; known are {known}')
        arrays = {each: _array(node, each) for each in NODES[kind].arrays if each in node}
        stage = stage_of(kind, arrays, count, dt, f'node {name:.40} ({kind})')
        if stage is not None:
            yield stage
            count = len(stage[0])


def _chain(nodes: h5py.Group, edges: list[tuple[str, str]]) -> list[str]:
    """Return the names of the nodes between input and output, in order."""
    if len(nodes) > _NODES_MAX:
        raise MapError(f'expected at most {_NODES_MAX} nodes, found {len(nodes)}')
    kinds = {name: _text(_group(nodes, name), 'type') for name in nodes}
    ends = []
    for kind in ('Input', 'Output'):
        found = [name for name in kinds if kinds[name] == kind]
        if len(found) != 1:
            raise MapError(f'expected one {kind} node, found {len(found)}')
        ends.append(found[0])
    following: dict[str, str] = {}
    for source, target in edges:
        if source not in kinds or target not in kinds:
            raise MapError(f'an edge from {source:.40} to {target:.40}, and no such node')
        if following.setdefault(source, target) != target:
            raise MapError(
                f'node {source:.40} has several outputs: expected one chain from input to output'
            )
    name, end = ends
    passed = [name]
    while name != end:
        if name not in following:
            raise MapError(f'node {name:.40} leads nowhere: expected a chain to the output')
        name = following[name]
        if name in passed:
            raise MapError(f'a cycle at node {name:.40}: expected a chain without recurrence')
        passed.append(name)
    left = sorted(set(kinds) - set(passed))
    if left:
        raise MapError(f'node {left[0]:.40} is not on the chain from input to output')
    return passed[1:-1]


def _edges(graph: h5py.Group) -> list[tuple[str, str]]:
    data = _dataset(graph, 'edges')
    if data.ndim != 2 or data.shape[1] != 2 or data.shape[0] > _NODES_MAX:
        raise MapError(f'edges: expected at most {_NODES_MAX} pairs of names, found {data.shape}')
    pairs = data[()]
    found = [(_decoded(a), _decoded(b)) for a, b in pairs]
    return sorted(set(found), key=found.index)


def _group(parent: h5py.Group, name: str) -> h5py.Group:
    import h5py

    found = _own(parent, name)
    if not isinstance(found, h5py.Group):
        raise MapError(f'{name:.40}: expected a group of HDF5')
    return found


def _dataset(parent: h5py.Group, name: str) -> h5py.Dataset:
    import h5py

    found = _own(parent, name)
    if not isinstance(found, h5py.Dataset):
        raise MapError(f'{name:.40}: expected an array')
    if found.is_virtual or found.external or found.compression not in _FILTERS:
        raise MapError(f'{name:.40}: its data are in another file, or compressed by a plugin')
    size, stored = found.nbytes, found.id.get_storage_size()
    if size > _LARGEST or size > 1024 + stored * _COMPRESSION:
        raise MapError(f'{name:.40}: claims {size:,} bytes, of which {stored:,} are in the file')
    return found


def _own(parent: h5py.Group, name: str) -> Any:
    """Return what is under a name in this file; links to other files are not followed."""
    import h5py

    link = parent.get(name, getlink=True)
    if link is None:
        raise MapError(f'{name:.40} is missing')
    if not isinstance(link, h5py.HardLink):
        raise MapError(f'{name:.40}: links are not followed')
    return parent[name]


def _text(parent: h5py.Group, name: str) -> str:
    data = _dataset(parent, name)
    if data.shape != ():
        raise MapError(f'{name}: expected a text, found an array {data.shape}')
    return _decoded(data[()])


def _decoded(value: object) -> str:
    if not isinstance(value, bytes):
        raise MapError(f'expected a text, found {value!r:.40}')
    return value.decode('utf-8', 'replace')


def _array(node: h5py.Group, name: str) -> Floats:
    data = _dataset(node, name)
    if data.dtype.kind not in 'fiub':
        raise MapError(f'{name}: expected numbers, found {data.dtype}')
    with np.errstate(over='ignore'):
        return np.asarray(data[()], np.float32)
