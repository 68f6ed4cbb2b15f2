"""
HDF5 of unknown origin: what is in the file itself, of a plausible size, and texts that end.

The library (2.0.0) follows links to any other file, and may not return from texts of variable
length in damaged files, where no signal reaches it. Those are read in a process of their own.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Sequence

import numpy as np

if TYPE_CHECKING:
    import h5py

# Seconds until the process is ended, the longest text in bytes, and links in links.
_PATIENCE, _LONGEST, _LINKS = 20.0, 1000, 8
# Stored data may unpack to at most this many times its size.
_RATIO_MAX = 5000
# Arguments: the file, and a JSON list of (object, attribute or nothing).
_READ = f"""
import json, sys, h5py
def plain(value):
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    text = value.decode(errors='replace') if isinstance(value, bytes) else str(value)
    return text[:{_LONGEST}]
found = []
with h5py.File(sys.argv[1], 'r') as file:
    for name, attribute in json.load(sys.stdin):
        value = file[name].attrs[attribute] if attribute else file[name][()]
        found.append(plain(value.tolist() if hasattr(value, 'tolist') else value))
json.dump(found, sys.stdout)
"""

Texts = Any
"""A text, or lists of texts in the shape of the array."""


def find(parent: h5py.Group, path: str) -> h5py.Group | h5py.Dataset | None:
    """
    Return what is under a path in this file; None if there is nothing.

    :raises ValueError: if a link leads into another file or in a circle. It is not opened.
    """
    return _find(parent, path, _LINKS)


def _find(parent: Any, path: str, links: int) -> Any:
    import h5py

    node = parent
    for name in filter(None, path.split('/')):
        link = node.get(name, getlink=True) if isinstance(node, h5py.Group) else None
        if link is None:
            return None
        if isinstance(link, h5py.HardLink):
            node = node[name]
        elif isinstance(link, h5py.SoftLink) and links:
            start = node.file if link.path.startswith('/') else node
            node = _find(start, link.path, links - 1)
        else:
            raise ValueError(f'{name:.40}: a link to another file, or in a circle')
    return node


def check_size(data: h5py.Dataset) -> None:
    """
    Check that an array is in the file itself, and can have unpacked from what is stored of it.

    :raises ValueError: if not.
    """
    name = data.name.rpartition('/')[2]
    if data.external or data.is_virtual:
        raise ValueError(f'{name:.40}: its data are in another file')
    size, stored = data.size * data.dtype.itemsize, data.id.get_storage_size()
    if size > _RATIO_MAX * (1 + stored):
        raise ValueError(f'{name:.40}: claims {size:,} bytes, of which {stored:,} are in the file')


def scalar(place: h5py.Group | h5py.Dataset, name: str) -> Any:
    """Return a number or a text of fixed length, None if the attribute is none of these."""
    found = place.attrs
    if name not in found:
        return None
    kept = found.get_id(name)
    if kept.shape != () or kept.dtype.kind not in 'iuS' or kept.dtype.itemsize > _LONGEST:
        return None
    return np.asarray(found[name])


def text_of(file: h5py.File, name: str) -> str:
    """
    Return the text of an attribute of the file itself, empty if it has none.

    :raises ValueError: if it cannot be read.
    """
    found = scalar(file, name)
    if found is not None:
        return bytes(found).decode(errors='replace') if found.dtype.kind == 'S' else ''
    if name not in file.attrs or file.attrs.get_id(name).shape != ():
        return ''
    (text,) = _read(file, [('/', name)], f'the attribute {name}')
    return text.strip() if isinstance(text, str) else ''


def texts_of(arrays: Sequence[h5py.Dataset]) -> list[Texts]:
    """
    Return the texts in arrays of one file, in the shape of each; a long text is cut off.

    :raises ValueError: if they cannot be read.
    """
    return _read(arrays[0].file, [(each.name, '') for each in arrays], 'its texts')


def _read(file: h5py.File, wanted: Sequence[tuple[str, str]], what: str) -> list[Texts]:
    try:
        done = subprocess.run(
            [sys.executable, '-c', _READ, str(Path(file.filename).absolute())],
            input=json.dumps(wanted).encode(),
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
        found = json.loads(done.stdout) if not done.returncode else []
    except subprocess.TimeoutExpired:
        raise ValueError(f'{what}: reading does not end') from None
    except ValueError:
        found = []
    if len(found) != len(wanted):
        raise ValueError(f'{what}: cannot be read')
    return list(found)
