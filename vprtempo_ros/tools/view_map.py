"""view --map: a map in a browser, without a robot: where it will be sure, and edits by hand."""

from __future__ import annotations

import argparse
import ipaddress
import sys
import threading
from pathlib import Path
from typing import NamedTuple, Sequence

import numpy as np

from ..errors import MapError, VprError
from ..health.map_on_disk import MapOnDisk
from ..maps.editing import forget
from ..maps.layout import layout_of
from ..maps.map import Map
from ..maps.outlook import Outlook, outlook_on_disk
from ..maps.revisions import PREVIOUS, edit, label, obstacle, undo
from ..maps.store import load
from ..support.paths import user_path
from ..view.map_server import MapServer
from .command import check_range, guarded
from .map_edit import places_of


class _Revision(NamedTuple):
    """A map as it was loaded; number: counts what was loaded."""

    map: Map
    number: int
    on_disk: MapOnDisk


class MapPage:
    """A map on disk, as the page shows it."""

    def __init__(self, folder: Path, editing: bool) -> None:
        """
        Load the map; editing: whether the page may edit it.

        :raises MapError: if anything is wrong with it.
        """
        self._folder, self._editing = folder, editing
        # Of edits, which take a while, and of what is loaded.
        self._edit_lock, self._lock = threading.Lock(), threading.Lock()
        self._revision = self._load(1)
        self._outlook: dict[str, object] = {}
        self._begin_outlook(self._revision)

    def description(self) -> dict[str, object]:
        """Return the map as it is on disk now: its places, labels, revisions."""
        loaded = self._current()
        layout = layout_of(loaded.places)
        posed = any(place.pose for place in loaded.places)
        points = [
            None if np.isnan(position[0]) else position[:2]
            for position in layout.positions.round(2).tolist()
        ]
        reason = obstacle(loaded, self._folder)
        return {
            'path': str(self._folder),
            'places': len(loaded.places),
            'points': points if posed else None,
            'frame': layout.frame_id,
            'segments': loaded.parts().counts,
            'tolerance': loaded.calibration.tolerance,
            'labels': {str(place): name for place, name in loaded.labels.items()},
            'revision': loaded.revision,
            'edits': [
                {'revision': each['revision'], 'edit': each['edit'], 'created': each['created']}
                for each in loaded.provenance.get('edits', [])
            ],
            'created': loaded.provenance['created'],
            'traverses': [
                f'{each["source"]}: {each["used"]} of {each["frames"]} frames'
                for each in loaded.provenance['traverses']
            ],
            'editing': self._editing,
            'forgets': self._editing and not reason,
            'reason': reason,
            'undo': self._editing and (self._folder / PREVIOUS).is_dir(),
        }

    def outlook(self) -> dict[str, object]:
        """Return what to expect of the places, or how far that is."""
        with self._lock:
            return dict(self._outlook)

    def thumbnail(self, place: int) -> bytes | None:
        """Return the JPEG of a place, None if there is no such place."""
        thumbnails = self._revision.map.thumbnails
        return thumbnails[place] if 0 <= place < len(thumbnails) else None

    def edit(self, request: dict[str, object]) -> dict[str, object]:
        """
        Edit the map as asked for, and return its revision.

        :raises VprError: if that cannot be done; the map is unchanged then.
        """
        if not self._editing:
            raise MapError('this page is served to other computers, so it only shows the map')
        action, places, name = (request.get(key, '') for key in ('action', 'places', 'name'))
        if not (isinstance(places, str) and isinstance(name, str)):
            raise MapError('expected places and name as texts')
        with self._edit_lock:
            if action == 'label':
                built = label(self._folder, _one(places), name)
            elif action == 'forget':
                numbers = places_of(places)
                built = edit(self._folder, f'forget {places}', lambda found: forget(found, numbers))
            elif action == 'undo':
                built = undo(self._folder)
            else:
                raise MapError(f'expected label, forget or undo, found {action!r:.80}')
            self._current()
        return {'revision': built.revision}

    def _current(self) -> Map:
        """Return the map, loaded again if it was edited."""
        with self._lock:
            if self._revision.on_disk.changed:
                self._revision = self._load(self._revision.number + 1)
                self._begin_outlook(self._revision)
            return self._revision.map

    def _load(self, number: int) -> _Revision:
        # Before the map, so that a change meanwhile is noticed next time.
        on_disk = MapOnDisk(str(self._folder))
        return _Revision(load(self._folder), number, on_disk)

    def _begin_outlook(self, revision: _Revision) -> None:
        self._outlook = {'state': 'computing', 'what': 'starting', 'done': 0, 'of': 1}
        threading.Thread(
            target=self._find_outlook, args=(revision,), name='outlook', daemon=True
        ).start()

    def _find_outlook(self, revision: _Revision) -> None:
        def progress(stage: str, done: int, total: int) -> None:
            self._set_outlook(
                revision, {'state': 'computing', 'what': stage, 'done': done, 'of': total}
            )

        try:
            found = outlook_on_disk(revision.map, self._folder, progress)
            self._set_outlook(revision, _as_lists(found))
        except VprError as error:
            self._set_outlook(revision, {'state': 'failed', 'reason': str(error)})

    def _set_outlook(self, revision: _Revision, found: dict[str, object]) -> None:
        with self._lock:
            if revision.number == self._revision.number:
                self._outlook = found


def _one(text: str) -> int:
    numbers = places_of(text)
    if len(numbers) != 1:
        raise MapError(f'expected one place to label, found {text!r:.80}')
    return numbers[0]


def _as_lists(found: Outlook) -> dict[str, object]:
    lists = {name: np.round(values, 3).tolist() for name, values in found._asdict().items()}
    return {'state': 'ready', **lists}


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == 'localhost'


def main(args: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog='view', description=__doc__)
    parser.add_argument('--map', type=Path, required=True, help='folder of the map')
    parser.add_argument(
        '--host',
        default='127.0.0.1',
        help='address to serve on; with any but the default one the page only shows the map '
        '(default: %(default)s)',
    )
    parser.add_argument(
        '--port', type=int, default=8765, help='0: any free one (default: %(default)s)'
    )
    words = list(sys.argv[1:] if args is None else args)
    # ROS arguments, as launch files give them to every program, mean nothing to a map.
    given = parser.parse_args(
        words[: words.index('--ros-args')] if '--ros-args' in words else words
    )

    def work() -> None:
        check_range('--port', given.port, 0, 65535)
        page = MapPage(user_path(given.map), _is_loopback(given.host))
        server = MapServer(page, given.host, given.port)
        print(f'{given.map}: {server.url}', flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print('ended')
        finally:
            server.close()

    return guarded(work)


if __name__ == '__main__':
    sys.exit(main())
