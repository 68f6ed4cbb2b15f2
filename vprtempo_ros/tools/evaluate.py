"""
evaluate: how well a map recognises its places in another recording, and how sure it may be.

Writes report.html (which needs no network), its pictures, results.json and answers.csv.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Sequence

from ..config import BagInputConfig, NodeConfig, PosesConfig
from ..errors import ConfigError
from ..evaluation.by_file import truth_by_file
from ..evaluation.by_frame import truth_by_frame
from ..evaluation.by_pose import truth_by_pose
from ..evaluation.evaluation import evaluate
from ..evaluation.metadata import about
from ..evaluation.query import Query, Reading, read_images, read_query
from ..evaluation.report import check_output, write_report
from ..evaluation.summary import summary
from ..evaluation.truth import GroundTruth
from ..maps.map import Map
from ..maps.store import load
from ..support.paths import user_path
from .bar import Bar
from .command import check_range, guarded
from .overrides import add_overrides, node_config


def main(args: Sequence[str] | None = None) -> int:
    """Run the command."""
    given = _parser().parse_args(args)
    return guarded(lambda: _work(given))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='evaluate', description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('map', help='folder of the map')
    parser.add_argument('query', help='bag or folder of images that was taken on the same route')
    truth = parser.add_argument_group('ground truth (exactly one)')
    truth.add_argument(
        '--radius',
        type=float,
        metavar='METRES',
        help='places within so many metres are right; needs poses on both sides',
    )
    truth.add_argument(
        '--tolerance',
        type=int,
        metavar='FRAMES',
        help='frame i of the query is place i (or that of the same file name); '
        'places within so many frames are right',
    )
    truth.add_argument(
        '--truth',
        type=Path,
        metavar='CSV',
        help='stamp_ns, first_place, last_place for each query frame',
    )
    truth.add_argument(
        '--heading',
        type=float,
        metavar='DEGREES',
        help='with --radius: places seen in another direction are not right',
    )
    query = parser.add_argument_group('query')
    query.add_argument('--topic', default='', help='image topic of the bag (default: the only one)')
    query.add_argument(
        '--poses', default='', metavar='TOPIC', help='pose topic of the bag (default: the only one)'
    )
    query.add_argument(
        '--names',
        default='',
        metavar='FILE',
        help='of a folder, the file names to use, one a line (default: all)',
    )
    query.add_argument('--start', type=int, default=0, help='frames to leave out at the beginning')
    query.add_argument('--count', type=int, default=0, help='frames at the most (default: all)')
    query.add_argument(
        '--elsewhere',
        metavar='BAG_OR_FOLDER',
        help='a recording of another route, where no place is right',
    )
    parser.add_argument('--out', type=Path, help='folder to write (default: evaluation-MAP-QUERY)')
    add_overrides(parser)
    return parser


def _work(given: argparse.Namespace) -> None:
    config = node_config(given.settings)
    _check(given)
    out = user_path(given.out or f'evaluation-{_stem(given.map)}-{_stem(given.query)}')
    check_output(out)
    loaded = load(given.map)
    with Bar() as bar:
        reading = _reading(given, config, loaded)
        query = read_query(given.query, loaded, reading, bar)
        truth, right_when = _truth(given, query, loaded)
        elsewhere = None
        if given.elsewhere:
            # Of another recording only what makes its frames comparable is taken over.
            other = Reading(
                _input(loaded), PosesConfig(topic='none'), any_size=config.input.any_size
            )
            elsewhere = read_query(given.elsewhere, loaded, other, bar)
        found = evaluate(loaded, query, truth, config, elsewhere, progress=bar)
        images = read_images(given.query, reading, {entry.query for entry in found.examples})
    described = about(given.map, loaded, query, truth, right_when, config)
    report = write_report(out, found, described, loaded, images)
    print(f'{summary(found, described)}\n\nreport: {report}')


def _check(given: argparse.Namespace) -> None:
    """Refuse arguments that contradict each other, before anything is read."""
    chosen = [name for name in ('radius', 'tolerance', 'truth') if getattr(given, name) is not None]
    if len(chosen) != 1:
        found = ' and '.join(f'--{name}' for name in chosen) or 'none'
        raise ConfigError(
            'expected one kind of ground truth, --radius METRES, --tolerance FRAMES '
            f'or --truth CSV, found {found}'
        )
    for name in ('heading', 'poses'):
        if getattr(given, name) not in (None, '') and given.radius is None:
            raise ConfigError(f'--{name} goes with --radius only')
    for name, low, high in (
        ('radius', 0.0, 1e6),
        ('tolerance', 0, 1e6),
        ('heading', 0.0, 180.0),
        ('start', 0, 1e9),
        ('count', 0, 1e9),
    ):
        value = getattr(given, name)
        if value is not None:
            check_range(f'--{name}', value, low, high)


def _input(loaded: Map, topic: str = '', names: str = '', start: int = 0) -> BagInputConfig:
    """Return how to read a recording of what the map is of: images, or events in its windows."""
    return replace(loaded.config.input, topic=topic, names=names, start=start)


def _reading(given: argparse.Namespace, config: NodeConfig, loaded: Map) -> Reading:
    # Poses that nobody needs may be missing or broken.
    poses = given.poses if given.radius is not None else 'none'
    return Reading(
        _input(loaded, given.topic, given.names, given.start),
        PosesConfig(topic=poses),
        given.count,
        config.input.any_size,
    )


def _truth(given: argparse.Namespace, query: Query, loaded: Map) -> tuple[GroundTruth, str]:
    """Return the ground truth, and in words when an answer is right."""
    limited = bool(given.count)
    if given.radius is not None:
        heading = '' if given.heading is None else f' and {given.heading:g} degrees'
        return (
            truth_by_pose(query, loaded, given.radius, given.heading),
            f'within {given.radius:g} m{heading}',
        )
    if given.tolerance is not None:
        truth, how = truth_by_frame(query, loaded, given.tolerance, given.start, limited)
        within = f'within {given.tolerance} frames' if given.tolerance else 'at the very place'
        return truth, f'{within} ({how})'
    limited = limited or bool(given.start)
    truth = truth_by_file(user_path(given.truth), query, len(loaded.places), limited)
    return truth, f'as in {given.truth}'


def _stem(path: str) -> str:
    """Return the last part of a path as a part of a file name."""
    return user_path(path).resolve().name or 'root'


if __name__ == '__main__':
    sys.exit(main())
