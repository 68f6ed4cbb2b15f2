"""Whether the folder from which a map was loaded still holds that map."""

from __future__ import annotations

from pathlib import Path

from ..maps.store import FILES
from ..support.paths import user_path

Signature = tuple[tuple[int, int, int] | None, ...]
"""Inode, time of change in ns and size of each file of a map; None where it is missing."""


class MapOnDisk:
    """Remembers the folder as it is now; a check is one system call for each of a few files."""

    def __init__(self, path: str) -> None:
        """Look at the folder; before the map is loaded, so that no later change is missed."""
        self._path = path
        folder = user_path(path)
        self._files = [folder / name for name in FILES]
        self._loaded = self.signature()

    @property
    def changed(self) -> bool:
        """Whether the folder holds other files than those that were loaded, or none."""
        return self.signature() != self._loaded

    def signature(self) -> Signature | None:
        """Return what distinguishes the files from later ones; None without a map.yaml."""
        found = tuple(map(_signature, self._files))
        return found if found[0] else None

    def problem(self, reloading: bool, refused: str) -> str:
        """
        Return what is wrong with the folder; empty: nothing.

        :param reloading: whether another map in the folder is loaded without being asked for.
        :param refused: why the one that is there now was not; empty: it was not tried yet.
        """
        if not self.changed:
            return ''
        if self.signature() is None:
            return (
                f'{self._path} is gone: the map stays in memory, but a restart would fail; '
                'restore the folder, or set the parameter map to another one'
            )
        if not reloading:
            return (
                f'{self._path} has been replaced: the old map stays in use; set the parameter map '
                'to the same folder again to load the new one'
            )
        return refused and f'the old map stays in use, the one in its folder cannot be: {refused}'


def _signature(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
