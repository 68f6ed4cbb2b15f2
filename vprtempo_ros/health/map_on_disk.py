"""Whether the folder from which a map was loaded still holds that map."""

from __future__ import annotations

from ..maps.document import MAP
from ..support.paths import user_path


class MapOnDisk:
    """Remembers the folder as it is now; a check is one system call."""

    def __init__(self, path: str) -> None:
        """Look at the folder; before the map is loaded, so that no later change is missed."""
        self._path = path
        self._loaded = self._signature()

    def problem(self) -> str:
        """Return what is wrong with the folder; empty: nothing."""
        now = self._signature()
        if now is None:
            return (
                f'{self._path} is gone: the map stays in memory, but a restart would fail; '
                'restore the folder, or set the parameter map to another one'
            )
        if now != self._loaded:
            return (
                f'{self._path} has been replaced: the old map stays in use; set the parameter map '
                'to the same folder again to load the new one'
            )
        return ''

    def _signature(self) -> tuple[int, int, int] | None:
        try:
            found = (user_path(self._path) / MAP).stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size
