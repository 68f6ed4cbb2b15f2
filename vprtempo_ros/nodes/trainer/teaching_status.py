"""What an operator is told while the robot is taught."""

from __future__ import annotations

import time
from typing import Iterator

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

from ...health.latch import Latch
from ...health.status import Finding, Level
from .drive import Drive

# Without a message for this long, in seconds, something is wrong with the sensor or the topic.
_SILENCE = 2.0
# What was wrong is shown for so long after it ended, in seconds.
_SHOWN = 5.0


class TeachingStatus:
    """Makes the diagnostics; what is wrong now and then does not flicker."""

    def __init__(self, node_name: str) -> None:
        """Begin without any map."""
        self.last_map = self.last_problem = ''
        self._name = node_name
        self._drive: Drive | None = None

    def message(self, state: str, drive: Drive | None, stage: str) -> DiagnosticStatus:
        """Return the status of a state, of its recording, and of the stage of its training."""
        status = DiagnosticStatus(
            name=f'{self._name}: teaching',
            level=DiagnosticStatus.OK,
            message=stage if state == 'training' else state,
        )
        status.values = [KeyValue(key='state', value=state)]
        if drive is None:
            if self.last_problem:
                status.level, status.message = DiagnosticStatus.WARN, self.last_problem
            status.values.append(KeyValue(key='last map', value=self.last_map or '-'))
            return status
        if drive is not self._drive:
            self._drive = drive
            self._latches: dict[str, Latch] = {}
            self._dropped = self._bad = 0
        status.hardware_id = str(drive.recorder.path)
        status.values += [KeyValue(key=key, value=value) for key, value in _values(drive)]
        if state == 'recording':
            self._judge(status, drive)
        elif state == 'stopped':
            status.level = DiagnosticStatus.ERROR
            status.message = drive.problem or drive.recorder.problem
        return status

    def _judge(self, status: DiagnosticStatus, drive: Drive) -> None:
        raised = []
        for finding in self._findings(drive):
            latch = self._latches.setdefault(finding.name, Latch())
            if finding.holds:
                latch.text = finding.text
            if latch.update(time.monotonic(), bool(finding.holds), 0.0, _SHOWN):
                raised.append((finding.level, latch.text))
        if raised:
            raised.sort(key=lambda entry: -entry[0])
            status.level = bytes([raised[0][0]])
            status.message = '; '.join(text for _, text in raised)

    def _findings(self, drive: Drive) -> Iterator[Finding]:
        now = time.monotonic()
        silence, blind = now - drive.last_frame, now - drive.last_pose
        yield Finding(
            'silence',
            Level.ERROR,
            silence > _SILENCE,
            f'no message for {silence:.0f} s on {drive.frames.name}',
        )
        needed = drive.config.places.by == 'metres'
        if drive.poses is not None:
            yield Finding(
                'blind',
                Level.ERROR if needed else Level.WARN,
                blind > _SILENCE,
                f'no pose for {blind:.0f} s on {drive.poses.name}'
                + (', and places are cut by metres' if needed else ''),
            )
            yield Finding(
                'frames',
                Level.ERROR,
                len(drive.pose_frames) > 1,
                f'poses on {drive.poses.name} come in several frames '
                f'({" and ".join(drive.pose_frames)}), which no map can be made of: do '
                'two nodes publish it?',
            )
        dropped, self._dropped = drive.recorder.dropped - self._dropped, drive.recorder.dropped
        yield Finding(
            'dropped',
            Level.ERROR,
            dropped > 0,
            f'the disk is too slow: {drive.recorder.dropped} messages dropped; set '
            'live.max_rate, or live.recording to a faster disk',
        )
        total = sum(drive.watch.bad.values())
        bad, self._bad = total - self._bad, total
        worst = drive.watch.bad.most_common(1)
        yield Finding(
            'bad',
            Level.WARN,
            bad > 0,
            f'{total} of {drive.heard} frames are no use for a map: {worst[0][0] if worst else ""}',
        )


def _values(drive: Drive) -> Iterator[tuple[str, str]]:
    recorder, places = drive.recorder, drive.counter.places
    yield 'frames recorded', str(recorder.written[drive.frames.name])
    yield 'poses recorded', str(recorder.written[drive.poses.name]) if drive.poses else '-'
    yield 'places so far', 'unknown' if places is None else str(places)
    yield 'recorded (MB)', f'{recorder.size / 1e6:.1f}'
    yield 'disk left (MB)', f'{recorder.free() / 1e6:.0f}'
    yield 'messages dropped', str(recorder.dropped)
    yield 'slowest sync (ms)', f'{recorder.slowest_sync * 1e3:.0f}'
    yield 'poses bad', str(drive.bad_poses)
    yield 'frames bad', str(sum(drive.watch.bad.values()))
    for reason, count in drive.watch.bad.items():
        yield f'bad: {reason}', str(count)
