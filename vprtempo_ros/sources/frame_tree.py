"""The tree of coordinate frames in transforms, and which of them are the map's and the robot's."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from .transforms import Link

# Names of REP 105, the first that is connected with the other; a prefix may precede them.
FIXED_FRAMES, ROBOT_FRAMES = ('map', 'odom'), ('base_link', 'base_footprint')
# A frame that is moved by less than this, in m, is that of a joint, or is shaken.
MOVES = 0.5
# Frames and links in messages to the user.
_LISTED = 8


class Seen:
    """How many transforms of a link there are, and between which positions."""

    def __init__(self, values: tuple[float, ...]) -> None:
        """Begin with the first, x, y, z and a quaternion."""
        self.count = 0
        self._first = values
        self._low, self._high = list(values[:3]), list(values[:3])

    def add(self, values: tuple[float, ...]) -> None:
        """Add one."""
        self.count += 1
        # Most are of parts that do not move, and are sent again.
        if values == self._first:
            return
        for axis, (low, high) in enumerate(zip(self._low, self._high)):
            if not low <= values[axis] <= high:
                self._low[axis] = min(low, values[axis])
                self._high[axis] = max(high, values[axis])

    @property
    def moves(self) -> bool:
        """Whether the frame moves as a robot does."""
        return any(high - low >= MOVES for low, high in zip(self._low, self._high))


class Step(NamedTuple):
    """A link on the way from one frame to another; inverted: from child to parent."""

    link: Link
    inverted: bool


class Chain(NamedTuple):
    """The links from the fixed frame to that of the robot; notes: what is said of the choice."""

    fixed: str
    robot: str
    steps: list[Step]
    notes: list[str]

    def __str__(self) -> str:
        """Return the frames on the way."""
        ends = [step.link.parent if step.inverted else step.link.child for step in self.steps]
        return ' -> '.join(name[:40] for name in [self.fixed, *ends])


class FrameTree:
    """Frames by their links. Damage and two publishers may make several parents, or loops."""

    def __init__(self, links: dict[Link, Seen]) -> None:
        """Keep the links; those with more transforms precede others."""
        self.links = links
        self.parents: dict[str, list[str]] = {}
        self._near: dict[str, list[tuple[str, Step]]] = {}
        for link in sorted(links, key=lambda each: -links[each].count):
            self.parents.setdefault(link.child, []).append(link.parent)
            self._near.setdefault(link.parent, []).append((link.child, Step(link, False)))
            self._near.setdefault(link.child, []).append((link.parent, Step(link, True)))

    def __contains__(self, frame: str) -> bool:
        """Return whether a frame has a link."""
        return frame in self._near

    def named(self, name: str) -> list[str]:
        """Return the frames of a name, with any prefix, the shortest first."""
        found = [frame for frame in self._near if frame.rpartition('/')[2] == name]
        return sorted(found, key=lambda frame: (len(frame), frame))

    def ancestors(self, frame: str) -> list[str]:
        """Return a frame, its parent, and so on up to the root."""
        found = [frame]
        while (above := self.parents.get(found[-1])) and above[0] not in found:
            found.append(above[0])
        return found

    def path(self, start: str, end: str) -> list[Step] | None:
        """Return the shortest way from one frame to another, None if they are not connected."""
        steps: dict[str, list[Step]] = {start: []}
        waiting = deque([start])
        while waiting:
            frame = waiting.popleft()
            for near, step in self._near.get(frame, ()):
                if near not in steps:
                    steps[near] = [*steps[frame], step]
                    waiting.append(near)
        return steps.get(end)

    def movers(self) -> list[str]:
        """Return the frames that move as robots, and of which no other such frame is a child."""
        moving = {link.child for link, seen in self.links.items() if seen.moves}
        above = {frame for child in moving for frame in self.ancestors(child)[1:]}
        return sorted(moving - above)


def choose_chain(tree: FrameTree, fixed: str, robot: str, camera: str) -> Chain | str:
    """
    Return the chain from the fixed frame to that of the robot, or in a clause why there is none.

    :param fixed: wanted frame; empty: map, else odom, else the root above the robot (REP 105).
    :param robot: wanted frame; empty: base_link or base_footprint, else the frame above the camera
        that moves.
    :param camera: frame of the images.
    """
    for wanted in (fixed, robot):
        if wanted and wanted not in tree:
            return f'there is no frame {wanted!r} ({_listed(tree)})'
    robots = [robot] if robot else _robots(tree, camera)
    if isinstance(robots, str):
        return robots
    for each in robots:
        for name, origin in _origins(tree, fixed, robots):
            if each != origin and (steps := tree.path(origin, each)):
                return Chain(origin, each, steps, [*_notes(tree, fixed, name, each, steps)])
    what = ' or '.join(map(repr, robots))
    return f'no transforms lead from {fixed or "map, odom or another frame"} to {what}'


def _origins(tree: FrameTree, fixed: str, robots: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the frames that may be fixed, in the order of preference, and what makes them so."""
    if fixed:
        yield fixed, fixed
        return
    prefix = _prefix(robots[0])
    for name in FIXED_FRAMES:
        for frame in sorted(tree.named(name), key=lambda each: _prefix(each) != prefix):
            yield name, frame
    for robot in robots:
        yield '', tree.ancestors(robot)[-1]


def _robots(tree: FrameTree, camera: str) -> list[str] | str:
    """Return the frames that may be the robot's, in the order of preference, or why none is."""
    named = [frame for name in ROBOT_FRAMES for frame in tree.named(name)]
    above = tree.ancestors(camera) if camera in tree else []
    if own := [frame for frame in named if frame in above]:
        prefix = _prefix(own[0])
        return own + [each for each in named if _prefix(each) == prefix and each not in own]
    if named:
        prefixes = {_prefix(frame) for frame in named}
        if len(prefixes) > 1 and _prefix(camera) in prefixes:
            prefixes = {_prefix(camera)}
        if len(prefixes) > 1:
            return f'there are several robots ({", ".join(named[:_LISTED])})'
        return [frame for frame in named if _prefix(frame) in prefixes]
    for frame, parent in zip(above, above[1:]):
        if tree.links[Link(parent, frame)].moves:
            return [frame]
    moving = tree.movers()
    if len(moving) == 1:
        return moving
    if moving:
        return f'several frames move ({", ".join(moving[:_LISTED])}), none of them a base_link'
    return f'no frame is a base_link, and none moves ({_listed(tree)})'


def _notes(tree: FrameTree, wanted: str, name: str, robot: str, steps: list[Step]) -> Iterator[str]:
    """Yield what is said of a chain."""
    preferred = FIXED_FRAMES[: FIXED_FRAMES.index(name)] if name in FIXED_FRAMES else FIXED_FRAMES
    for other in preferred:
        if not wanted and (found := tree.named(other)):
            yield f'no transforms lead from {found[0]!r} to {robot!r}'
    for step in steps:
        parents = tree.parents[step.link.child]
        if len(parents) > 1:
            listed = ', '.join(
                f'{tree.links[Link(parent, step.link.child)].count} of {parent[:40]!r}'
                for parent in parents[:_LISTED]
            )
            yield (
                f'{step.link.child[:40]!r} has several parents ({listed}): that of '
                f'{step.link.parent[:40]!r} is used'
            )


def _prefix(frame: str) -> str:
    return frame.rpartition('/')[0]


def _listed(tree: FrameTree) -> str:
    links = [str(link) for link in tree.links]
    return ', '.join(links[:_LISTED]) + (', ...' if len(links) > _LISTED else '')
