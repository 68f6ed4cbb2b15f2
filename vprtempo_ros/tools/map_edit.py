"""map_edit: forget, add, merge, split and label the places of a map, and undo the last edit."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import Any, Callable, Sequence

from ..errors import MapError
from ..maps.alike import of_other_start
from ..maps.content import MapContent
from ..maps.editing import add_drives, add_stretches, forget, merge, split
from ..maps.map import Map, missing_lines
from ..maps.revisions import check_new, compact, derive, edit, label, load_content, same_model, undo
from ..maps.transforming import Transform, in_frame_of
from ..support.paths import check_once, user_path
from ..support.progress import ProgressCallback
from ..support.several import several
from .bar import ProgressBar
from .command import guarded

_RANGE = re.compile(r'(\d{1,9})(?:-(\d{1,9}))?')
# What comes of a recording that is added to a map that was made from it.
_SAME = 'each of its places is in the map twice, and the two look alike'
_SAME_AGAIN = 'confidence was fitted to frames that the map was trained on, and is too high'
# Numbers that a text of places may stand for, before the map says how many there are.
_PLACES_MAX = 10_000_000


def places_of(text: str) -> list[int]:
    """
    Return the places that a text stands for: numbers and ranges, such as `3,7-9`.

    :raises MapError: if it is anything else.
    """
    places: list[int] = []
    for part in text.split(','):
        found = _RANGE.fullmatch(part.strip())
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, -1)
        if last < first or last - first + len(places) > _PLACES_MAX:
            raise MapError(f'expected places as numbers and ranges like 3,7-9, found {part!r:.80}')
        places.extend(range(first, last + 1))
    return places


def _forget(given: argparse.Namespace, progress: ProgressCallback) -> str:
    places = places_of(given.places)
    return _edited(
        given.map,
        edit(given.map, f'forget {given.places}', lambda found: forget(found, places), progress),
    )


def _add(given: argparse.Namespace, progress: ProgressCallback) -> str:
    sources = [str(user_path(bag).resolve()) for bag in given.bags]
    check_once(sources, 'recordings to add')
    work = add_drives if given.again else add_stretches
    known: list[str] = []

    def added(content: MapContent) -> MapContent:
        recorded = {record['source'] for record in content.records}
        known.extend(source for source in sources if source in recorded)
        return work(content, given.bags, progress)

    name = f'add {" and ".join(sources)}{" again" if given.again else ""}'
    built = edit(given.map, name, added, progress)
    text = _edited(given.map, built)
    for record in built.provenance['traverses'][-len(given.bags) :]:
        text += ''.join(f'\nnote: {record["source"]}: {line}' for line in missing_lines(record))
    if known:
        text += (
            f'\nnote: the map had been made from {", ".join(known)} before; if it is the same '
            f'recording, {_SAME_AGAIN if given.again else _SAME}; map_edit undo takes it back'
        )
    return text


def _merge(given: argparse.Namespace, progress: ProgressCallback) -> str:
    if len(given.maps) < 2:
        raise MapError('expected two maps or more to merge, and a folder for the result, found one')
    check_once(given.maps, 'maps to merge')
    transform = None if given.transform is None else Transform.of(given.transform)
    if transform is not None and len(given.maps) > 2:
        raise MapError(
            f'--transform: expected two maps, found {len(given.maps)}: merge them one by one, each '
            'with its transform'
        )
    check_new(given.out)
    first = load_content(given.maps[0])
    both, names = first.content, [_named(given.maps[0], first.map)]
    for path in given.maps[1:]:
        second = load_content(path)
        if not same_model(first, second):
            raise MapError('expected maps of the same descriptor network, found two networks')
        other = second.content
        if transform is not None:
            other = in_frame_of(both, other, transform)
        both = merge(both, other, one_frame=False)
        names.append(_named(path, second.map))
    name = f'merge {" and ".join(names)}'
    if transform is not None:
        name += f', transformed by {" ".join(given.transform)}'
    frames = sorted({place.pose.frame_id for place in both.places if place.pose})
    text = _edited(given.out, derive(both, first.map, name, given.out, progress))
    if len(frames) > 1:
        text += (
            f'\nposes are in {len(frames)} coordinate frames, {" and ".join(frames)}, which each '
            'place keeps; --transform puts them into that of the first map'
        )
    elif transform is None:
        text += ''.join(f'\nnote: {line}' for line in of_other_start(both.places))
    return text


def _split(given: argparse.Namespace, progress: ProgressCallback) -> str:
    outs = (given.before, given.after)
    check_once(outs, 'maps to make')
    for out in outs:
        check_new(out)
    opened = load_content(given.map)
    name = f'split {_named(given.map, opened.map)} before place {given.place}'
    parts = split(opened.content, given.place)
    return '\n'.join(
        _edited(out, derive(part, opened.map, name, out, progress))
        for part, out in zip(parts, outs)
    )


def _label(given: argparse.Namespace, progress: ProgressCallback) -> str:
    return _edited(given.map, label(given.map, given.place, given.name))


def _undo(given: argparse.Namespace, progress: ProgressCallback) -> str:
    return _edited(given.map, undo(given.map))


def _compact(given: argparse.Namespace, progress: ProgressCallback) -> str:
    return f'{given.map}: previous revision removed, {compact(given.map):,} bytes'


def _edited(path: Path, built: Map) -> str:
    return f'{path}: revision {built.revision}, {several(len(built.places), "place")}'


def _named(path: Path, loaded: Map) -> str:
    return f'{path.resolve()} (revision {loaded.revision})'


Command = Callable[[argparse.Namespace, ProgressCallback], str]
_MAP = ('map', {'type': Path, 'help': 'folder of the map'})
_PLACE = ('place', {'type': int, 'help': 'number of the place'})
_OUT = {'type': Path, 'help': 'folder of the new map'}
_COMMANDS: dict[str, tuple[Command, str, list[tuple[str, dict[str, Any]]]]] = {
    'forget': (
        _forget,
        'remove places; those that are left are numbered again from 0',
        [_MAP, ('places', {'help': 'numbers and ranges, such as 3,7-9'})],
    ),
    'add': (
        _add,
        'add the places of other recordings, or other drives of places that there are',
        [
            _MAP,
            (
                'bags',
                {
                    'metavar': 'BAG',
                    'nargs': '+',
                    'help': 'recordings, as in bags of trainer_node: all make one revision',
                },
            ),
            ('--again', {'action': 'store_true', 'help': 'they show the places of the map again'}),
        ],
    ),
    'merge': (
        _merge,
        'make a map of the places of two maps or more',
        [
            (
                'maps',
                {
                    'metavar': 'MAP',
                    'nargs': '+',
                    'type': Path,
                    'help': 'folders of maps, whose places follow each other',
                },
            ),
            ('out', _OUT),
            (
                '--transform',
                {
                    'nargs': 3,
                    'metavar': ('X', 'Y', 'YAW'),
                    'help': "origin of the second map's coordinate frame in that of the first: "
                    'metres and radians; without it each place keeps its pose and frame',
                },
            ),
        ],
    ),
    'split': (
        _split,
        'make two maps of one, which is left as it is',
        [
            _MAP,
            ('place', {'type': int, 'help': 'first place of the second map'}),
            ('before', _OUT),
            ('after', _OUT),
        ],
    ),
    'label': (
        _label,
        'give a place a name',
        [_MAP, _PLACE, ('name', {'help': "name; '' removes it"})],
    ),
    'undo': (_undo, 'put the map back as it was before the last edit', [_MAP]),
    'compact': (_compact, 'remove the previous revision, which undo needs', [_MAP]),
}


def main(args: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog='map_edit', description=__doc__)
    commands = parser.add_subparsers(dest='command', required=True, metavar='COMMAND')
    for name, (_, text, arguments) in _COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text)
        for argument, settings in arguments:
            command.add_argument(argument, **settings)
    given = parser.parse_args(args)

    def work() -> None:
        with ProgressBar() as progress:
            text = _COMMANDS[given.command][0](given, progress)
        print(text)

    return guarded(work)


if __name__ == '__main__':
    sys.exit(main())
