"""Another revision of the map in use, loaded in the background when it appears in the folder."""

from __future__ import annotations

import threading
from copy import deepcopy
from dataclasses import replace
from typing import Mapping

from ...config import NodeConfig
from ...errors import VprError
from ...events.packet import Size
from ...health.map_on_disk import Signature
from ...maps.kept_places import kept_places
from .loading import LoadedMap, load_map

# Time between two looks at the folder, in seconds.
PERIOD = 0.5


class MapUpdates:
    """
    Looks at the folder of a map and loads what replaces it, once that has stopped changing.

    All methods are called from one thread. refused: why what is in the folder cannot be used;
    empty: it can, or is in use.
    """

    def __init__(self) -> None:
        """Start without a folder."""
        self.refused = ''
        self._last: Signature | None = None
        self._tried: Signature | None = None
        self._loading: _Loading | None = None

    def poll(
        self, config: NodeConfig, present: LoadedMap, seen: Mapping[str, Size | None]
    ) -> LoadedMap | None:
        """
        Return the map that is to replace the present one, if it has been loaded.

        :param seen: by camera, width and height of the images or events received so far.
        """
        if self._loading is not None:
            return self._result(present)
        found = present.on_disk.signature()
        unchanged, self._last = found == self._last, found
        if not present.on_disk.changed:
            self.refused, self._tried = '', None
        elif found is not None and unchanged and found != self._tried:
            self._tried = found
            self._loading = _Loading(config, seen)
        return None

    def abandon(self) -> None:
        """Forget the folder, as for another map, and what is being loaded from it."""
        if self._loading is not None:
            self._loading.abandon()
        self.refused, self._last, self._tried, self._loading = '', None, None, None

    def _result(self, present: LoadedMap) -> LoadedMap | None:
        assert self._loading is not None
        if not self._loading.done:
            return None
        found, self.refused = self._loading.loaded, self._loading.problem
        self._loading = None
        if found is None:
            return None
        if (kept_places(present.recogniser.map, found.recogniser.map) >= 0).any():
            found = replace(found, route=present.route)
        return found


class _Loading:
    """Loads a map in a thread; once `done`, it is there, or a problem in one line."""

    def __init__(self, config: NodeConfig, seen: Mapping[str, Size | None]) -> None:
        self.done, self.problem = False, ''
        self.loaded: LoadedMap | None = None
        self._config, self._seen = deepcopy(config), seen
        self._lock, self._abandoned = threading.Lock(), False
        threading.Thread(target=self._run, name='load').start()

    def abandon(self) -> None:
        """Release the map, now or when it is loaded."""
        with self._lock:
            self._abandoned = True
            if self.loaded is not None:
                self.loaded.close()

    def _run(self) -> None:
        loaded, problem = None, ''
        try:
            loaded = load_map(self._config, self._seen)
        except VprError as error:
            problem = str(error)
        except Exception as error:  # noqa: BLE001 - the map in use must go on
            problem = f'unexpected {type(error).__name__}: {" ".join(str(error).split())}'
        with self._lock:
            if self._abandoned and loaded is not None:
                loaded.close()
            self.loaded, self.problem, self.done = loaded, problem, True
