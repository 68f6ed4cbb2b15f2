"""What may be wrong with a recording while the robot drives."""

from __future__ import annotations

import time
from typing import Iterator

from ...health.component_monitor import ComponentMonitor
from ...health.status import Finding, Level, Status, Values
from .drive_recorder import DriveRecorder

COMPONENT = 'teaching'

# Without a message for this long, in seconds, sensor or topic have a problem.
_SILENCE = 2.0
# A problem is shown for this long after it ended, in seconds.
_CLEAR_AFTER = 5.0


class RecordingMonitor:
    """Evaluates one recording, each time for what happened since the last time."""

    def __init__(self, drive: DriveRecorder) -> None:
        """Start with the recording."""
        self._drive = drive
        self._monitor = ComponentMonitor(COMPONENT)
        self._dropped = self._bad = 0

    def status(self, values: Values) -> Status:
        """Return the status with these values."""
        return self._monitor.status(
            time.monotonic(), self._findings(), 'recording', values, 0.0, _CLEAR_AFTER
        )

    def _findings(self) -> Iterator[Finding]:
        drive, now = self._drive, time.monotonic()
        frame_silence, pose_silence = now - drive.last_frame, now - drive.last_pose
        yield Finding(
            'silence',
            Level.ERROR,
            frame_silence > _SILENCE,
            f'no message for {frame_silence:.0f} s on {drive.frame_topic.name}',
        )
        needed = drive.config.places.by == 'metres'
        if drive.pose_topic is not None:
            yield Finding(
                'pose silence',
                Level.ERROR if needed else Level.WARN,
                pose_silence > _SILENCE,
                f'no pose for {pose_silence:.0f} s on {drive.pose_topic.name}'
                + (', needed for places.by: metres' if needed else ''),
            )
            yield Finding(
                'pose frames',
                Level.ERROR,
                len(drive.pose_frames) > 1,
                f'poses on {drive.pose_topic.name} are in several coordinate frames '
                f'({" and ".join(drive.pose_frames)}), from which no map can be made: do two '
                'nodes publish it?',
            )
        dropped, self._dropped = drive.recorder.dropped - self._dropped, drive.recorder.dropped
        yield Finding(
            'dropped',
            Level.ERROR,
            dropped > 0,
            f'the disk is too slow: {drive.recorder.dropped} messages dropped; set '
            'live.max_rate, or live.recording to a faster disk',
        )
        total = sum(drive.validator.bad.values())
        bad, self._bad = total - self._bad, total
        reason = drive.validator.bad.most_common(1)[0][0] if total else ''
        yield Finding(
            'bad',
            Level.WARN,
            bad > 0,
            f'{total} of {drive.frames_received} frames unusable for a map: {reason}',
        )
