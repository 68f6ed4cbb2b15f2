"""
evaluate: recall, precision and calibration of a map on another recording of the route.

Writes report.html (self-contained), its figures, results.json and predictions.csv.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Iterator, Sequence

from ..config import BagInputConfig, NodeConfig, PosesConfig
from ..errors import ConfigError
from ..evaluation.by_file import truth_by_file
from ..evaluation.by_frame import truth_by_frame
from ..evaluation.by_pose import truth_by_nearest, truth_by_pose
from ..evaluation.evaluation import evaluate
from ..evaluation.metadata import report_metadata
from ..evaluation.promise import Promise
from ..evaluation.query import Query, QueryConfig, read_images, read_query
from ..evaluation.report import check_output, write_report
from ..evaluation.summary import summary
from ..evaluation.truth import GroundTruth, within_places
from ..frames import begins_anywhere
from ..maps.alike import frame_id_of
from ..maps.camera_reading import bag_of_camera
from ..maps.map import Map
from ..maps.store import load
from ..support.paths import user_path
from .bar import ProgressBar
from .command import check_range, guarded
from .overrides import add_overrides, node_config
from .poses import add_frame_id, add_poses, poses_config


def main(args: Sequence[str] | None = None) -> int:
    """Run the command."""
    given = _parser().parse_args(args)
    return guarded(lambda: _work(given))


class _Renamed(argparse.Action):
    """Ends the command with the new name of an option."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option: str | None = None,
    ) -> None:
        """Print the new name and exit with status 2."""
        parser.exit(2, f'error: {option} is called --negatives now\n')


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='evaluate', description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('map', help='folder of the map')
    parser.add_argument('query', help='bag or folder of images recorded on the same route')
    truth = parser.add_argument_group(
        'ground truth',
        'One of these; without any, places within the tolerance of the map (places.tolerance), '
        'which is what confidence promises, of the place that is nearest by pose, or of the same '
        'frame.',
    )
    truth.add_argument(
        '--radius',
        type=float,
        metavar='METRES',
        help='places within this distance are correct; needs poses in map and query',
    )
    truth.add_argument(
        '--tolerance',
        type=int,
        metavar='FRAMES',
        help='frame i of the query is place i (or the place of the same file name); '
        'places within this many frames of it are correct',
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
        help='with --radius: maximum difference of headings of a correct place',
    )
    query = parser.add_argument_group('query')
    query.add_argument(
        '--topic',
        action='append',
        default=[],
        metavar='TOPIC or CAMERA=TOPIC',
        help='image topic of the bag (default: the only one, of several cameras those of the '
        'training); may be repeated for several cameras',
    )
    add_frame_id(query)
    add_poses(query)
    query.add_argument(
        '--names',
        default='',
        metavar='FILE',
        help='text file with the file names of a folder to use, one per line (default: all)',
    )
    query.add_argument('--start', type=int, default=0, help='frames to leave out at the beginning')
    query.add_argument('--count', type=int, default=0, help='frames to read (default: all)')
    query.add_argument(
        '--negatives',
        metavar='BAG_OR_FOLDER',
        help='recording of a different route, for out-of-map queries (open-set rejection)',
    )
    query.add_argument('--elsewhere', action=_Renamed, help=argparse.SUPPRESS)
    parser.add_argument('--out', type=Path, help='folder to write (default: evaluation-MAP-QUERY)')
    add_overrides(parser)
    return parser


def _work(given: argparse.Namespace) -> None:
    config = node_config(given.settings)
    _check(given)
    out = user_path(given.out or f'evaluation-{_stem(given.map)}-{_stem(given.query)}')
    check_output(out)
    loaded = load(given.map)
    with ProgressBar() as bar:
        source = _query_config(given, config, loaded)
        query = read_query(given.query, loaded, source, bar)
        truth, correct_when = _truth(given, query, loaded)
        negatives = None
        if given.negatives:
            # Topic, names and range of frames belong to the query only.
            other = QueryConfig(
                _input(loaded, _topics([], loaded)[loaded.camera]),
                PosesConfig(topic='none'),
                any_size=config.input.any_size,
            )
            negatives = read_query(given.negatives, loaded, other, bar)
        found = evaluate(
            loaded, query, truth, config, negatives, promise=_promise(given, loaded), progress=bar
        )
        shown = bag_of_camera(given.query, loaded.camera) if loaded.views else given.query
        images = read_images(shown, source, {entry.query for entry in found.examples})
    described = report_metadata(
        given.map, loaded, query, truth, correct_when, config, found.distinctness
    )
    described.notes.extend(_of_odometry(given, query, loaded))
    report = write_report(out, found, described, loaded, images)
    print(f'{summary(found, described)}\n\nreport: {report}')


def _check(given: argparse.Namespace) -> None:
    """Raise an error for contradictory arguments, before files are read."""
    chosen = [name for name in ('radius', 'tolerance', 'truth') if getattr(given, name) is not None]
    if len(chosen) > 1:
        found = ' and '.join(f'--{name}' for name in chosen)
        raise ConfigError(
            'expected one kind of ground truth, --radius METRES, --tolerance FRAMES '
            f'or --truth CSV, found {found}'
        )
    if given.heading is not None and given.radius is None:
        raise ConfigError('--heading goes with --radius only')
    _poses(given, True)
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


def _input(
    loaded: Map, topic: str = '', names: str = '', start: int = 0, frame_id: str = ''
) -> BagInputConfig:
    """Return how to read a recording for the map: images, or events in the map's windows."""
    return replace(loaded.config.input, topic=topic, frame_id=frame_id, names=names, start=start)


def _topics(given: Sequence[str], loaded: Map) -> dict[str, str]:
    """
    Return the topic of each camera by name; empty: the only one.

    :raises ConfigError: if a topic is not of one of them.
    """
    if not loaded.views:
        if len(given) > 1:
            raise ConfigError(f'--topic: the map is of one camera, found {len(given)} topics')
        return {loaded.camera: given[0] if given else ''}
    topics = {name: each.config.input.topic for name, each in loaded.cameras.items()}
    for entry in given:
        name, separator, topic = entry.partition('=')
        if not separator or name not in topics:
            raise ConfigError(
                f'--topic: expected CAMERA=TOPIC with one of the cameras {", ".join(topics)}, '
                f'found {entry}'
            )
        topics[name] = topic
    return topics


def _by_default(given: argparse.Namespace) -> bool:
    """Return whether no kind of ground truth is given."""
    return (given.radius, given.tolerance, given.truth) == (None, None, None)


def _poses(given: argparse.Namespace, of_map: bool) -> PosesConfig:
    """Return where the poses of the query are; of_map: whether the map has some."""
    used = given.radius is not None or (of_map and _by_default(given))
    rule = 'goes with --radius, or, if the map has poses, without --tolerance and --truth'
    return poses_config(given, used, rule)


def _query_config(given: argparse.Namespace, config: NodeConfig, loaded: Map) -> QueryConfig:
    topics = _topics(given.topic, loaded)
    return QueryConfig(
        _input(loaded, topics[loaded.camera], given.names, given.start, given.frame_id),
        _poses(given, any(place.pose for place in loaded.places)),
        given.count,
        config.input.any_size,
        topics,
    )


def _truth(given: argparse.Namespace, query: Query, loaded: Map) -> tuple[GroundTruth, str]:
    """Return the ground truth, and in words when a match is correct."""
    limited = bool(given.count)
    if given.radius is not None:
        heading = '' if given.heading is None else f' and {given.heading:g} degrees'
        return (
            truth_by_pose(query, loaded, given.radius, given.heading),
            f'within {given.radius:g} m{heading}',
        )
    if given.tolerance is not None:
        truth, how = truth_by_frame(query, loaded, given.tolerance, given.start, limited)
        within = f'within {given.tolerance} frames' if given.tolerance else 'at the exact place'
        return truth, f'{within} ({how})'
    if _by_default(given):
        return _promised(given, query, loaded)
    limited = limited or bool(given.start)
    truth = truth_by_file(user_path(given.truth), query, len(loaded.places), limited)
    return truth, f'as in {given.truth}'


def _promise(given: argparse.Namespace, loaded: Map) -> Promise | None:
    """Return what makes confidence that of a match within a radius, where one is asked for."""
    return None if given.radius is None else Promise(loaded, given.radius)


def _promised(given: argparse.Namespace, query: Query, loaded: Map) -> tuple[GroundTruth, str]:
    """Return what confidence promises: places within the tolerance of the map."""
    tolerance = loaded.config.places.tolerance
    words = within_places(tolerance)
    if any(query.poses) and any(place.pose for place in loaded.places):
        return truth_by_nearest(query, loaded), f'{words} (nearest by pose)'
    if not loaded.config.places.is_each_frame:
        raise ConfigError(
            f'{query.path}: expected poses in map and query, or a map with a place for each frame, '
            'to know where a frame was taken, found neither: use --truth CSV'
        )
    truth, how = truth_by_frame(query, loaded, tolerance, given.start, bool(given.count))
    return truth, f'{words} ({how})'


def _of_odometry(given: argparse.Namespace, query: Query, loaded: Map) -> Iterator[str]:
    """Yield a line if the truth is from poses that begin where the robot was started."""
    posed = _by_default(given) and any(query.poses)
    frame_id = frame_id_of(loaded.places) if posed or given.radius is not None else None
    if frame_id is not None and begins_anywhere(frame_id):
        yield (
            f'the truth is from poses in frame {frame_id!r}, which begin where the robot is '
            'started: it is right only if map and query began at the same spot'
        )


def _stem(path: str) -> str:
    """Return the last component of a path, as part of a file name."""
    return user_path(path).resolve().name or 'root'


if __name__ == '__main__':
    sys.exit(main())
