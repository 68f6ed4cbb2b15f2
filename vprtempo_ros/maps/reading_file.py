"""What was read of a recording as tensors, for the leftovers of a training."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from ..errors import MapError
from ..executors.executor import Task
from ..frames import Pose
from .leftovers import Format, text_tensor
from .map import Sensor, TraverseRecord
from .places import Place
from .reading import Drive, ReadDrive, ReadStretch, Stretch
from .tensors import Tensors, Written
from .training_file import Size, sums_in, sums_tensors, traverse_in, traverse_tensors

_SAMPLES, _TEXT = 'samples', 'text'
_JPEGS, _LENGTHS = 'thumbnails.data', 'thumbnails.lengths'


def _stretch_tensors(read: ReadStretch) -> Written:
    text = {
        'places': [
            [
                place.stamp_ns,
                place.traverse,
                place.frame,
                pose and [pose.values, pose.frame_id],
                place.stood,
            ]
            for place in read.places
            for pose in [place.pose]
        ],
        'sensor': list(read.sensor),
        'origin': read.origin,
        'record': read.record,
    }
    lengths = [len(each) for each in read.thumbnails]
    return {
        **traverse_tensors(read.samples, _SAMPLES),
        **(sums_tensors(read.sums) if read.sums else {}),
        _JPEGS: np.frombuffer(b''.join(read.thumbnails), np.uint8),
        _LENGTHS: np.array(lengths, np.int64),
        _TEXT: text_tensor(text),
    }


def _stretch_in(found: Tensors, task: Task) -> ReadStretch:
    assert isinstance(task, Stretch)
    text = _text(found)
    places = [
        Place(stamp_ns, pose and Pose.of(*pose), traverse, frame, stood)
        for stamp_ns, traverse, frame, pose, stood in text['places']
    ]
    samples = traverse_in(found, _SAMPLES, Size(len(places), _inputs(found), 1))
    size = Size(len(places), samples.spikes.shape[-1], 1)
    sums = sums_in(found, [samples], size)
    ends = np.cumsum(found[_LENGTHS]).tolist()
    data = found[_JPEGS].tobytes()
    if len(ends) != len(places) or ends[-1] != len(data):
        raise MapError('expected a thumbnail of each place')
    origin = text['origin']
    return ReadStretch(
        places,
        [data[first:end] for first, end in zip([0, *ends], ends)],
        Sensor(*text['sensor']),
        None if origin is None else (origin[0], origin[1], origin[2]),
        samples,
        _record(text),
        sums,
    )


def _drive_tensors(read: ReadDrive) -> Written:
    return {**traverse_tensors(read.samples, _SAMPLES), _TEXT: text_tensor({'record': read.record})}


def _drive_in(found: Tensors, task: Task) -> ReadDrive:
    assert isinstance(task, Drive)
    samples = traverse_in(found, _SAMPLES, Size(len(task.places), _inputs(found), 1))
    return ReadDrive(samples, _record(_text(found)))


STRETCH = Format(_stretch_tensors, _stretch_in)
DRIVE = Format(_drive_tensors, _drive_in)


def _inputs(found: Tensors) -> int:
    return int(found[f'{_SAMPLES}.spikes'].shape[-1])


def _text(found: Tensors) -> dict[str, Any]:
    text = json.loads(found[_TEXT].tobytes())
    if not isinstance(text, dict):
        raise TypeError(f'expected entries, found {text!r:.100}')
    return text


def _record(text: dict[str, Any]) -> TraverseRecord:
    record: TraverseRecord = text['record']
    return record
