"""
From fixes and odometry to map -> odom: where the robot is believed to be, or that this is unknown.

One sure match moves nothing: places look alike. Fixes that agree with the present hypothesis
correct it a little each; others form a rival, which takes over once enough of them agree along
the odometry over some distance. While fixes contradict the hypothesis, or the frames alone do not
show the places around it, it is in doubt, and the position unknown.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..arrays import Doubles
from ..config import TfConfig
from ..matching.stages import Scores
from .hypothesis import Fix, Hypothesis
from .nearby import FrameTest, NearbyPlaces, shows_nothing
from .planar import Planar

# Sure matches in a row against a hypothesis that put it in doubt.
_AGAINST = 2
# Neither position (m) nor yaw (rad) is known beyond these standard deviations.
_VAGUE, _VAGUE_YAW = 10.0, 0.5


@dataclass(frozen=True, eq=False)
class Sighting:
    """
    What a frame shows: a fix with its confidence if the place is known, and the similarity.

    similarity: of the frame alone, float32 (places,), of the places of `nearby`.
    """

    fix: Fix | None
    confidence: float
    similarity: Scores


class Located(NamedTuple):
    """The robot in the map, the covariance of x, y, z, yaw float64 (4, 4), and map -> odom."""

    robot: Planar
    covariance: Doubles
    map_to_odom: Planar


class Localiser:
    """
    Follows the robot through the map.

    Poses of the odometry are the robot's in the odometry's frame, in order. All methods from one
    thread. jumps: how often the hypothesis was replaced; rejected: sure matches that disagreed.
    """

    def __init__(self, config: TfConfig, nearby: NearbyPlaces) -> None:
        """Start without knowing where the robot is."""
        self._config = config
        self.nearby = nearby
        self._test = FrameTest()
        self.jumps = self.rejected = 0
        self.reset('no matches agree yet')

    def reset(self, reason: str) -> None:
        """Forget where the robot is, for a reason that is shown while it is unknown."""
        self._current: Hypothesis | None = None
        self._rival: Hypothesis | None = None
        self._against = 0
        # Where the hypothesis was, in metres along its way, when a frame last showed any place.
        self._seen_at = 0.0
        self._test.restart()
        self._reason = reason

    @property
    def doubt(self) -> str:
        """Why the position is not known; empty: it is."""
        current, limit = self._current, self._config.max_distance
        if current is None:
            return self._reason
        if self._against >= _AGAINST:
            return f'{self._against} sure matches in a row are of another place'
        if self._test.contradicts:
            return 'the images do not show the places that should be here'
        if current.since > limit:
            return f'no sure match for {current.since:.0f} m, at most {limit:g} m (tf.max_distance)'
        deviation = np.sqrt(np.diag(current.covariance))
        if max(deviation[:2]) > _VAGUE or deviation[3] > _VAGUE_YAW:
            return (
                f'position or heading too uncertain: {max(deviation[:2]):.1f} m, '
                f'{deviation[3]:.2f} rad'
            )
        return ''

    @property
    def since_match(self) -> float | None:
        """Metres since the last sure match that agreed, or the given pose; None: unknown."""
        return self._current.since if self._current else None

    def place(self, fix: Fix, odometry: Planar) -> None:
        """Take a pose that a person gives for where the robot is."""
        segment = self.nearby.segment
        self._current = Hypothesis(fix, odometry, self._config, segment, given=True)
        self._rival, self._against = None, 0
        self._seen_at = 0.0
        self._test.restart()

    def see(self, sighting: Sighting, odometry: Planar) -> None:
        """Take the next frame, with the robot's pose in the odometry's frame at its stamp."""
        for hypothesis in (self._current, self._rival):
            if hypothesis is not None:
                hypothesis.move(odometry)
        fix = sighting.fix if sighting.confidence >= self._config.min_confidence else None
        agrees = None
        if fix is not None:
            agrees = self._current is not None and self._current.agrees(fix)
        self._look(sighting, agrees)
        if fix is None:
            return
        if agrees and self._current is not None:
            self._current.follow(fix)
            self._rival, self._against = None, 0
        else:
            self._against += 1
            self.rejected += self._current is not None
            self._consider(fix, odometry)

    def now(self, odometry: Planar) -> Located | None:
        """Return where the robot is at the newest pose of the odometry; None if unknown."""
        if self._current is None or self.doubt:
            return None
        # Ahead of the last frame; the next one may be older than this odometry.
        ahead = copy(self._current)
        ahead.move(odometry)
        return Located(ahead.pose, ahead.covariance, ahead.map_to_odom)

    def _consider(self, fix: Fix, odometry: Planar) -> None:
        """Let a fix that contradicts support a rival; enough support makes it the hypothesis."""
        rival = self._rival
        if rival is None or not rival.agrees(fix):
            segment = self.nearby.segment
            self._rival = Hypothesis(fix, odometry, self._config, segment)
            return
        rival.follow(fix)
        if rival.sure >= self._config.agreeing and rival.travelled >= self._config.distance:
            self.jumps += self._current is not None
            self._current, self._rival, self._against = rival, None, 0
            self._seen_at = rival.travelled
            self._test.restart()

    def _look(self, sighting: Sighting, agrees: bool | None) -> None:
        """Test whether the frame alone shows the places around the hypothesis."""
        current = self._current
        if current is None:
            return
        if shows_nothing(sighting.similarity):
            if current.travelled - self._seen_at < self._config.blind_distance:
                return
        else:
            self._seen_at = current.travelled
        reach = 2.0 * float(np.sqrt(np.diag(current.covariance)[:2].max()))
        near = self.nearby.around(current.pose.x, current.pose.y, reach)
        self._test.add(sighting.similarity, near, agrees)
