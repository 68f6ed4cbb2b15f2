"""The poses of a robot from transforms: a chain of links, at the times of one of them."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..arrays import Doubles
from ..config import PosesConfig
from ..errors import ImageError, SourceError
from ..frames import Pose
from ..support.reasons import Reasons
from .bags import BagReader
from .clocks import common_clock, offset_between
from .frame_tree import MOVES, Chain, FrameTree, Seen, Step, choose_chain
from .pose_topic import NoPose, PoseMessages
from .poses import unusable_values
from .rigid import Rigid, between, composed, inverse, rigid_of
from .stamps import Stamps, Times
from .storage import Topic
from .transforms import Link, Transform, is_static, read_transforms, static_topics

# Maximum number of links; their names may be damage.
_LINKS = 10_000
# A transform is valid for this long, in ns, as in the buffers of tf2.
_HELD_NS = 10_000_000_000
# A correction that moves the robot further than this, in m, and than many common ones, is a jump.
_FAR, _MANY = 1.0, 10.0
# Positions beyond this, in m, are none.
_FARTHEST = 1e9
# Transforms are dated ahead by more than jitter, in ns (gmapping by 50 ms, AMCL by 0.1 s in ROS 1
# and by 1 s in Nav2: transform_tolerance), and by less than clocks differ.
_LEAST_NS, _AHEAD_NS = 40_000_000, 5_000_000_000


class _Series(NamedTuple):
    """The transforms of a step in the order of recording; static: valid at all times."""

    step: Step
    stamps: Stamps
    rigid: Rigid
    static: bool

    @property
    def extent(self) -> float:
        """How far they are apart, in m."""
        return float(np.linalg.norm(np.ptp(self.rigid.positions, axis=0)))


def read_transform_poses(
    bag: BagReader, topic: Topic, config: PosesConfig, camera: str
) -> PoseMessages:
    """
    Read the transforms twice: which links there are, and those that lead to the robot.

    :param camera: frame of the images.
    :raises NoPose: if no transforms lead to the robot from a fixed frame, or not at its times.
    :raises SourceError: if a message is none.
    """
    names = [topic.name, *static_topics(bag, topic)]
    links: dict[Link, Seen] = {}
    for _, _, each in _read(bag, names):
        seen = links.get(each.link)
        if seen is None and len(links) < _LINKS:
            seen = links[each.link] = Seen(each.values)
        if seen:
            seen.add(each.values)
    fixed, robot = config.fixed_frame.lstrip('/'), config.robot_frame.lstrip('/')
    chain = choose_chain(FrameTree(links), fixed, robot, camera.lstrip('/'))
    if isinstance(chain, str):
        raise NoPose(
            f'{bag.path}: {topic.name}: {chain}; name the frames in poses.fixed_frame and '
            'poses.robot_frame, or another topic in poses.topic, or none'
        )
    notes = [
        f'{topic.name}: poses are those of {chain.robot[:40]!r} in {chain.fixed[:40]!r}, of the '
        f'transforms {chain}',
        *(f'{topic.name}: {note}' for note in chain.notes),
    ]
    series = _chain_series(bag, topic, names, chain, notes)
    return _poses(topic, chain, series, notes)


def _read(
    bag: BagReader, names: list[str], wanted: Collection[bytes] = (b'',)
) -> Iterator[tuple[str, int, Transform]]:
    """Yield the transforms of topics with topic and receive time; wanted: names of frames."""
    for raw in bag.recorded(names):
        # Most messages of a robot with many joints are of these.
        if not any(name in raw.data for name in wanted):
            continue
        try:
            for each in read_transforms(raw.data):
                yield raw.topic, raw.stamp_ns, each
        except ImageError as error:
            raise SourceError(f'{bag.path}: {raw.topic}: {error}') from None


def _chain_series(
    bag: BagReader, topic: Topic, names: list[str], chain: Chain, notes: list[str]
) -> list[_Series]:
    """Return the transforms of each step of a chain; all of a step are static, or none."""
    found: dict[tuple[Link, bool], tuple[array[int], array[int], array[float]]] = {}
    wanted = {step.link for step in chain.steps}
    unusable = Reasons()
    children = {link.child.encode() for link in wanted}
    for name, received, each in _read(bag, names, children):
        if each.link not in wanted:
            continue
        if reason := _unusable(each.values):
            unusable.count(reason)
            continue
        key = each.link, is_static(name)
        times, stamped, values = found.setdefault(key, (array('q'), array('q'), array('d')))
        times.append(received)
        stamped.append(each.stamp_ns)
        values.extend(each.values)
    if unusable:
        reasons = '; '.join(f'{count} have {reason}' for reason, count in unusable.items())
        notes.append(f'{topic.name}: {unusable.total()} transforms are unusable ({reasons})')
    series = []
    for step in chain.steps:
        static = (step.link, False) not in found
        kept = found.get((step.link, static))
        if kept is None:
            raise NoPose(f'{bag.path}: {topic.name}: no usable transform {step.link} ({notes[-1]})')
        rows = rigid_of(np.array(kept[2]).reshape(-1, 7))
        rows = inverse(rows) if step.inverted else rows
        stamps = Stamps(
            f'{topic.name} ({step.link})', np.array(kept[0], np.int64), np.array(kept[1], np.int64)
        )
        varies = _varies(rows)
        if static and varies:
            notes.append(
                f'{topic.name}: the static transform {step.link} changes: the last is used'
            )
        series.append(_Series(step, stamps, rows, static or not varies))
    if all(each.static for each in series) and not any(
        (step.link, False) in found for step in chain.steps
    ):
        raise NoPose(
            f'{bag.path}: {topic.name}: all transforms {chain} are static: the robot does not move '
            'in them; name another topic in poses.topic, or none'
        )
    return series


def _unusable(values: tuple[float, ...]) -> str:
    reason = unusable_values(values)
    if not reason and max(map(abs, values[:3])) > _FARTHEST:
        return 'a position beyond a million km'
    return reason


def _varies(rows: Rigid) -> bool:
    return any(bool((part != part[0]).any()) for part in rows)


def _leading(series: list[_Series]) -> int:
    """Return the step at whose times poses are: the one next to the robot that moves as it does."""
    moving = [number for number, each in enumerate(series) if not each.static]
    if not moving:
        return max(range(len(series)), key=lambda number: len(series[number].stamps.stamped))
    far = [number for number in moving if series[number].extent >= MOVES]
    return far[-1] if far else max(moving, key=lambda number: series[number].extent)


def _poses(topic: Topic, chain: Chain, series: list[_Series], notes: list[str]) -> PoseMessages:
    """Return the composed poses, at the times of the leading step."""
    lead = _leading(series)
    leading = series[lead].stamps
    count = len(leading.stamped)
    parts: list[Rigid] = []
    known = np.ones(count, bool)
    jumps: set[int] = set()
    for number, each in enumerate(series):
        if number == lead:
            parts.append(each.rigid)
        elif each.static:
            parts.append(each.rigid.at(np.array([-1])))
        else:
            part, valid, jumped = _joined(topic, series, number, lead, notes)
            parts.append(part)
            known &= valid
            jumps.update(jumped)
    total = parts[0]
    for part in parts[1:]:
        total = composed(total, part)
    if not known.any():
        raise NoPose(f'{topic.name}: no pose has all of the transforms {chain} ({notes[-1]})')
    numbers = np.cumsum(known) - 1
    rows = np.flatnonzero(known)
    positions, orientations = np.broadcast_to(total.positions, (count, 3)), total.orientations
    orientations = np.broadcast_to(orientations, (count, 4))
    poses = [
        Pose((x, y, z), (qx, qy, qz, qw), chain.fixed)
        for (x, y, z), (qx, qy, qz, qw) in zip(
            positions[rows].tolist(), orientations[rows].tolist()
        )
    ]
    same = np.zeros(count, bool)
    own = series[lead].rigid
    same[1:] = np.diff(leading.stamped) == 0
    for values in own:
        same[1:] &= (np.diff(values, axis=0) == 0).all(axis=1)
    return PoseMessages(
        topic,
        Stamps(leading.name, leading.received[rows], leading.stamped[rows], repeated=same[rows]),
        poses,
        notes,
        tuple(sorted(int(numbers[jump]) for jump in jumps if known[jump])),
    )


def _joined(
    topic: Topic, series: list[_Series], number: int, lead: int, notes: list[str]
) -> tuple[Rigid, NDArray[np.bool_], list[int]]:
    """Return a step at the times of the leading one, where it is known, and where it jumped."""
    each, leading = series[number], series[lead]
    stamps = each.stamps
    ahead = _ahead(stamps, leading.stamps)
    if ahead:
        notes.append(
            f'{topic.name}: {each.step.link} is dated {ahead * 1e-9:.2f} s ahead of when it was '
            'sent: that is undone'
        )
        stamps = stamps._replace(stamped=stamps.stamped - ahead)
    clocks = common_clock(stamps, leading.stamps)
    assert clocks.poses is not None
    notes += [note for note in clocks.notes if note not in notes]
    order = np.argsort(clocks.frames, kind='stable')
    times, rows = clocks.frames[order], each.rigid.at(order)
    when = clocks.poses
    lead_order = np.argsort(when, kind='stable')
    steps = _corrections(series, number, lead, rows, times, when[lead_order], lead_order)
    jump = np.zeros(len(times), bool)
    jump[1:] = steps > max(_FAR, _MANY * float(np.median(steps))) if len(steps) else False
    found, valid = _interpolated(rows, times, when, jump)
    if jump.any():
        notes.append(
            f'{topic.name}: {each.step.link} jumps {_times(np.count_nonzero(jump))}, by up to '
            f'{steps.max():.1f} m at the robot (localised again?): poses are not interpolated there'
        )
    if not valid.all():
        notes.append(
            f'{topic.name}: {np.count_nonzero(~valid)} of {len(valid)} transforms '
            f'{leading.step.link} are left out: {each.step.link} is more than '
            f'{_HELD_NS * 1e-9:.0f} s away'
        )
    after = np.searchsorted(when[lead_order], times[jump])
    return found, valid, lead_order[after[after < len(when)]].tolist()


def _ahead(stamps: Stamps, leading: Stamps) -> int:
    """
    Return by how much a transform is dated ahead, in ns, as those of the leading step are not.

    Localisers do that so that it can be looked up before the next one comes. What they knew then is
    right for when they sent it.
    """
    if not (stamps.stamped.all() and leading.stamped.all()):
        return 0
    ahead = offset_between(stamps, leading, stamps.stamped, leading.stamped)
    return ahead if _LEAST_NS < ahead < _AHEAD_NS else 0


def _corrections(
    series: list[_Series],
    number: int,
    lead: int,
    rows: Rigid,
    times: Times,
    when: Times,
    lead_order: NDArray[np.int64],
) -> Doubles:
    """Return how far each transform of a step moves the robot from where the one before has it."""
    rest = Rigid(np.zeros((1, 3)), np.array([[0.0, 0.0, 0.0, 1.0]]))
    for other in range(number + 1, len(series)):
        part = series[other].rigid
        if other == lead:
            none = np.zeros(len(when), bool)
            part = _interpolated(part.at(lead_order), when, times, none)[0]
        else:
            part = part.at(np.array([-1]))
        rest = composed(rest, part)
    after = composed(rows, rest).positions
    behind = Rigid(rest.positions[1:], rest.orientations[1:]) if len(rest.positions) > 1 else rest
    before = composed(rows.at(np.arange(len(times) - 1)), behind).positions
    return np.asarray(np.linalg.norm(after[1:] - before, axis=1))


def _interpolated(
    rows: Rigid, times: Times, when: Times, jump: NDArray[np.bool_]
) -> tuple[Rigid, NDArray[np.bool_]]:
    """
    Return transforms in the order of their times at others, and where they are valid.

    :param jump: transforms that are not interpolated with the one before, which is held.
    """
    last = len(times) - 1
    after = np.searchsorted(times, when).clip(0, last)
    before = np.where(times[after] == when, after, (after - 1).clip(0))
    # Before the first and after the last, that one is held.
    before = np.where(when < times[0], 0, np.where(when > times[last], last, before))
    gap = times[after] - times[before]
    part = np.where(gap > 0, (when - times[before]) / np.maximum(gap, 1), 0.0)
    part = np.where(jump[after], 0.0, part)
    away = np.maximum(np.maximum(times[before] - when, when - times[after]), gap)
    found = between(rows.at(before), rows.at(after), part.clip(0.0, 1.0))
    return found, away <= _HELD_NS


def _times(count: int) -> str:
    return 'once' if count == 1 else f'{count} times'
