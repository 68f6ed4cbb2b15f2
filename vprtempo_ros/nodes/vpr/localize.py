"""~/localize: where the robot is by the last frame, as JSON, which needs no messages of ours."""

from __future__ import annotations

import json
from typing import NamedTuple

import numpy as np

from ...matching.match import Match
from ...matching.pose import PoseEstimate
from .loading import LoadedMap


class LastMatch(NamedTuple):
    """
    The match of a frame, its stamp in ns, the map, and when it was matched, in seconds.

    turned: whether it is the match of a camera that looks backwards.
    """

    match: Match
    stamp_ns: int
    loaded: LoadedMap
    time: float
    turned: bool = False


def unknown_reason(last: LastMatch | None, now: float, max_age: float, least: float) -> str:
    """
    Return why the last match is no answer; empty: it is one.

    :param now: on the clock of `LastMatch.time`; max_age: in seconds.
    :param least: the confidence from which a place is known.
    """
    if last is None:
        return 'no frame was matched since the node was activated, relocalised or got its map'
    age = now - last.time
    if age > max_age:
        return (
            f'the last frame was matched {age:.1f} s ago (pose.max_age: {max_age:g} s); '
            '/diagnostics has the reason'
        )
    if last.match.known:
        return ''
    belief = last.match.belief
    if not np.isfinite(belief).all():
        return 'the last frame distinguishes no places'
    best = int(belief.argmax())
    return (
        f'the best place is {best} with a confidence of {belief[best]:.2f}, below '
        f'match.min_confidence ({least:g})'
    )


def described(last: LastMatch, estimate: PoseEstimate | None) -> str:
    """
    Return place, confidence, stamp, map with revision, and pose of a known place as JSON.

    pose is null without poses in the map; otherwise frame_id, position x, y, z in metres,
    orientation as a quaternion x, y, z, w, and covariance, 36 values row by row, as in ROS
    messages.
    """
    loaded = last.loaded.recogniser.map
    pose = estimate and {
        'frame_id': estimate.pose.frame_id,
        'position': list(estimate.pose.position),
        'orientation': list(estimate.pose.orientation),
        'covariance': estimate.covariance.ravel().tolist(),
    }
    sec, nanosec = divmod(last.stamp_ns, 10**9)
    return json.dumps(
        {
            'place': last.match.place,
            'confidence': round(last.match.confidence, 4),
            'stamp': {'sec': sec, 'nanosec': nanosec},
            'map': last.loaded.path,
            'revision': loaded.revision,
            'pose': pose,
        }
    )
