"""What is missing in a traverse, was left out, or was decided while reading it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..events.packet import JITTER_NS
from ..frames import Pose
from ..support.reasons import Reasons
from ..support.several import several
from .poses import PoseTrack

# A gap is longer than this many common steps, and than a second.
_STEPS, _LEAST_NS = 5, 1_000_000_000
# Values that maps of earlier builds do not have.
_LATER: dict[str, object] = {
    'late': 0,
    'out_of_order': 0,
    'largest_step': 0.0,
    'swapped': 0,
    'unstamped': False,
}


@dataclass
class Completeness:
    """
    What a traverse lacks.

    skipped: messages left out, by reason; lost: event packets that are missing by their sequence
    numbers; late: events that were left out because they are out of order; gaps: number of gaps
    between messages; largest_gap: the longest of them in seconds; without_pose: frames without a
    pose, of a traverse with poses; notes: decisions on clocks, sizes and poses, each one line;
    out_of_order: messages that were recorded after later ones, by up to largest_step seconds, and
    are sorted unless they were left out; swapped: packets of events that could not be sorted;
    unstamped: when the frames were taken is unknown, as of a folder of images.
    """

    messages: int = 0
    skipped: Reasons = field(default_factory=Reasons)
    lost: int = 0
    gaps: int = 0
    largest_gap: float = 0.0
    without_pose: int = 0
    notes: list[str] = field(default_factory=list)
    late: int = 0
    out_of_order: int = 0
    largest_step: float = 0.0
    swapped: int = 0
    unstamped: bool = False

    def begin(self) -> None:
        """Forget what an earlier reading left out."""
        self.skipped.clear()
        self.without_pose = self.late = self.swapped = 0

    def add_notes(self, notes: Iterable[str]) -> None:
        """Add notes that are not known from an earlier reading."""
        self.notes += [note for note in notes if note not in self.notes]

    def order_of_video(self) -> None:
        """Take packets for recorded in order: encoders send them as they depend on each other."""
        self.out_of_order, self.largest_step = 0, 0.0

    def pose_at(self, track: PoseTrack | None, time_ns: int) -> Pose | None:
        """Return the pose of a frame; one that a traverse with poses does not have is counted."""
        pose = track.at(time_ns) if track else None
        self.without_pose += track is not None and pose is None
        return pose

    def add_gaps(self, times: NDArray[np.int64]) -> None:
        """Find the gaps between sorted times in ns."""
        self.gaps, self.largest_gap = gaps_of(times)

    def lines(self) -> Iterator[str]:
        """Yield one line for each thing that is missing or was decided; none if all is there."""
        for reason, count in self.skipped.items():
            yield f'{count} of {self.messages} messages left out: {reason}'
        if self.lost:
            yield f'{self.lost} packets of events are missing, by their sequence numbers'
        if self.out_of_order:
            yield (
                f'{several(self.out_of_order, "message")} out of order, by up to '
                f'{self.largest_step:.3g} s: sorted'
            )
        if self.swapped:
            yield (
                f'{several(self.swapped, "packet")} of events out of order, more than can be sorted'
            )
        if self.late:
            yield (
                f'{several(self.late, "event")} left out: more than {JITTER_NS // 1_000_000} ms '
                'before events ahead of them'
            )
        if self.gaps:
            yield f'{several(self.gaps, "gap")}, the largest of {self.largest_gap:.1f} s'
        if self.without_pose:
            yield f'{several(self.without_pose, "frame")} without a pose'
        yield from self.notes


def completeness_tree(found: Completeness) -> dict[str, object]:
    """Return what is missing as plain values, for map.yaml."""
    return {
        'messages': found.messages,
        'left_out': dict(found.skipped),
        'lost': found.lost,
        'late': found.late,
        'out_of_order': found.out_of_order,
        'largest_step': round(found.largest_step, 6),
        'swapped': found.swapped,
        'gaps': found.gaps,
        'largest_gap': round(found.largest_gap, 3),
        'without_pose': found.without_pose,
        'unstamped': found.unstamped,
        'notes': list(found.notes),
    }


def completeness_from(tree: object) -> Completeness:
    """
    Return the content of `completeness_tree`.

    :raises TypeError: if it has other parts or types.
    """
    match {**_LATER, **tree} if isinstance(tree, dict) else tree:
        case {
            'messages': int(messages),
            'left_out': dict(left_out),
            'lost': int(lost),
            'late': int(late),
            'out_of_order': int(out_of_order),
            'largest_step': float(largest_step),
            'swapped': int(swapped),
            'gaps': int(gaps),
            'largest_gap': float(largest_gap),
            'without_pose': int(without_pose),
            'unstamped': bool(unstamped),
            'notes': list(notes),
        } if all(isinstance(note, str) for note in notes):
            skipped = Reasons()
            for reason, count in left_out.items():
                if not (isinstance(reason, str) and isinstance(count, int)):
                    raise TypeError(f'left_out, found {reason!r:.200}')
                skipped[reason] = count
            return Completeness(
                messages,
                skipped,
                lost,
                gaps,
                largest_gap,
                without_pose,
                notes,
                late,
                out_of_order,
                largest_step,
                swapped,
                unstamped,
            )
    raise TypeError(f'missing, found {tree!r:.200}')


def gaps_of(times: NDArray[np.int64]) -> tuple[int, float]:
    """Return the number of gaps between sorted times in ns, and the largest in seconds."""
    steps = np.diff(times)
    common = steps[steps > 0]
    if not len(common):
        return 0, 0.0
    found = steps[steps > max(_LEAST_NS, _STEPS * float(np.median(common)))]
    return len(found), float(found.max(initial=0)) * 1e-9
