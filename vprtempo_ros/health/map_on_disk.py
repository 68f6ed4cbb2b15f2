"""Whether the folder that a map was loaded from still holds it."""

from __future__ import annotations

from ..maps.store import MAP
from ..support.paths import user_path


class MapOnDisk:
    """Remembers the folder as it is now; one look costs one system call."""

    def __init__(self, path: str) -> None:
        """Begin before the map is loaded, so that no change after that goes unseen."""
        self._path = path
        self._seen = self._look()

    def trouble(self) -> str:
        """Return what is wrong with the folder, or nothing."""
        now = self._look()
        if now is None:
            return (
                f'{self._path} is gone: recognition goes on with what is in memory, but a '
                'restart would fail; restore the folder, or set the parameter map to another'
            )
        if now != self._seen:
            return (
                f'{self._path} has been replaced: recognition goes on with the old map; set '
                'the parameter map to the same folder again to load the new one'
            )
        return ''

    def _look(self) -> tuple[int, int, int] | None:
        try:
            found = (user_path(self._path) / MAP).stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size
