"""
Files in the Neuromorphic Intermediate Representation (NIR), read from their HDF5 and checked.

Only h5py is needed. Nothing is executed; links to other files are not followed, the size that an
array claims is checked before memory is allocated, and texts are read in a process of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..arrays import Floats
from ..errors import MapError
from ..network.graph import Matrix, Population
from ..support.hdf5 import check_size, find, texts_of
from ..support.hdf5_chunks import ChunkChecks
from .nir_nodes import NODES, stage_of

if TYPE_CHECKING:
    import h5py

HINT = 'pip install h5py (apt: python3-h5py)'
# Versions of the package nir whose files have this layout.
VERSIONS = ('0.2', '1.')
# Bytes of one array.
_LARGEST = 1 << 32
_NODES_MAX = 1000

Stages = tuple[Matrix | Population, ...]


class _Graph(NamedTuple):
    """What a file says of its graph: kind, edges, and the nodes with their kinds by name."""

    kind: str
    edges: list[tuple[str, str]]
    nodes: dict[str, h5py.Group]
    kinds: dict[str, str]


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
            return tuple(_stages(_read(root), inputs, dt))
    except MapError as error:
        raise MapError(f'{file}: {error}') from None
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, AttributeError) as error:
        # What h5py raises for damaged files.
        reason = ' '.join(str(error).split())
        raise MapError(f'{file}: not a NIR file, or damaged ({reason:.200})') from None


def _read(root: h5py.File) -> _Graph:
    """Return the texts, all read at once, and the nodes; their arrays are left for later."""
    version = _text(root, 'version')
    try:
        nodes = _group(root, 'node/nodes')
        texts = _texts(root, nodes)
    except Exception:
        # Another version may have another layout.
        _check_version(*texts_of([version]))
        raise
    written, pairs, kind, *kinds = texts_of([version, *texts])
    _check_version(written)
    found = [(source, target) for source, target in pairs]
    return _Graph(
        kind,
        sorted(set(found), key=found.index),
        {name: _group(nodes, name) for name in nodes},
        dict(zip(nodes, kinds)),
    )


def _texts(root: h5py.File, nodes: h5py.Group) -> list[h5py.Dataset]:
    """Return the edges, the kind of the graph and the kinds of its nodes."""
    if len(nodes) > _NODES_MAX:
        raise MapError(f'expected at most {_NODES_MAX} nodes, found {len(nodes)}')
    edges = _dataset(root, 'node/edges', text=True)
    if edges.ndim != 2 or edges.shape[1] != 2 or edges.shape[0] > _NODES_MAX:
        raise MapError(f'edges: expected at most {_NODES_MAX} pairs of names, found {edges.shape}')
    names = 'node/type', *(f'node/nodes/{each}/type' for each in nodes)
    return [edges, *(_text(root, name) for name in names)]


def _check_version(version: str) -> None:
    if not version.startswith(VERSIONS):
        raise MapError(
            f'written by nir {version:.40}, this software reads the files of '
            f'{" and ".join(each.rstrip(".") for each in VERSIONS)}'
        )


def _stages(graph: _Graph, inputs: int, dt: float) -> Iterator[Matrix | Population]:
    if graph.kind != 'NIRGraph':
        raise MapError(f'expected a NIRGraph, found {graph.kind:.40}')
    count = inputs
    for name in _chain(graph.kinds, graph.edges):
        node, kind = graph.nodes[name], graph.kinds[name]
        if kind not in NODES:
            known = ', '.join(NODES)
            raise MapError(f'node {name:.40}: {kind:.40} is not run here; known are {known}')
        arrays = {each: _array(node, each) for each in NODES[kind].arrays if each in node}
        stage = stage_of(kind, arrays, count, dt, f'node {name:.40} ({kind})')
        if stage is not None:
            yield stage
            count = len(stage[0])


def _chain(kinds: dict[str, str], edges: list[tuple[str, str]]) -> list[str]:
    """Return the names of the nodes between input and output, in order."""
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


def _group(parent: h5py.Group, name: str) -> h5py.Group:
    import h5py

    found = find(parent, name)
    if found is None:
        raise MapError(f'{name:.60} is missing')
    if not isinstance(found, h5py.Group):
        raise MapError(f'{name:.60}: expected a group of HDF5')
    return found


def _dataset(parent: h5py.Group, name: str, text: bool = False) -> h5py.Dataset:
    import h5py

    found = find(parent, name)
    if found is None:
        raise MapError(f'{name:.60} is missing')
    if not isinstance(found, h5py.Dataset):
        raise MapError(f'{name:.60}: expected an array')
    if text and h5py.check_string_dtype(found.dtype) is None:
        raise MapError(f'{name:.60}: expected a text, found {found.dtype}')
    check_size(found)
    if found.nbytes > _LARGEST:
        raise MapError(f'{name:.60}: expected at most {_LARGEST:,} bytes, found {found.nbytes:,}')
    return found


def _text(root: h5py.File, name: str) -> h5py.Dataset:
    found = _dataset(root, name, text=True)
    if found.shape != ():
        raise MapError(f'{name:.60}: expected a text, found an array {found.shape}')
    return found


def _array(node: h5py.Group, name: str) -> Floats:
    data = _dataset(node, name)
    if data.dtype.kind not in 'fiub':
        raise MapError(f'{name}: expected numbers, found {data.dtype}')
    ChunkChecks(data).check(len(data) if data.shape else 0)
    with np.errstate(over='ignore'):
        return np.asarray(data[()], np.float32)
