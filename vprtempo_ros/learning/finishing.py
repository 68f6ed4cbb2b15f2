"""From a journal to the next revision of its map: trained at once with what was learnt."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Sequence

import numpy as np

from ..errors import MapError
from ..maps.content import MapContent
from ..maps.document import MAP
from ..maps.editing import merge
from ..maps.map import TraverseRecord
from ..maps.places import Place
from ..maps.revisions import edit
from ..maps.samples import ADDITIONAL, REFERENCE, TraverseSamples, TrialFrames
from ..maps.store import checksums
from ..maps.training_data import TrainingData
from ..network.segments import Segments
from ..support.paths import user_path
from ..support.progress import ProgressCallback
from .journal import JournalHead, LearntFrame, journal_of, read_journal
from .novelty import is_stretch


@dataclass(frozen=True)
class FinishTask:
    """The folder of a map with a journal."""

    path: str


@dataclass(frozen=True)
class Finished:
    """The revision that was made, None if there was nothing to learn; and what it is, in words."""

    revision: int | None
    summary: str


class _InMap(Exception):
    """What was learnt is in the map already."""


def finish_learning(task: FinishTask, progress: ProgressCallback) -> Finished:
    """
    Make the next revision of a map from its journal, and remove the journal.

    :raises VprError: if the map cannot be edited; the journal stays.
    """
    folder = Path(os.path.realpath(user_path(task.path)))
    file = journal_of(folder)
    head, frames, cut = read_journal(file)
    stretches = _stretches(frames)
    again = [frame for frame in frames if frame.place is not None]
    notes: list[str] = []
    if cut:
        notes.append(f'{cut} bytes at the end of {file.name} are no whole frame, as after a crash')
    if again and head.map != checksums(folder).get(MAP):
        notes.append(f'{len(again)} changed place(s) left out, since the map was edited meanwhile')
        again = []
    short = sum(frame.branch is not None for frame in frames) - sum(map(len, stretches))
    if short:
        notes.append(f'{short} frame(s) left out, of stretches that are too short or known')
    learnt = _words(stretches, again)
    if not learnt:
        file.unlink()
        return Finished(None, '; '.join(['nothing new was learnt', *notes]))

    def change(content: MapContent) -> MapContent:
        if any(record['source'] == head.source for record in content.records):
            raise _InMap
        return _extended(content, head, stretches, again)

    try:
        built = edit(folder, f'learn {learnt}: {head.source}', change, progress)
    except _InMap:
        # The process that made that revision was killed before the journal was gone.
        file.unlink()
        return Finished(None, f'what {file.name} has is in the map already')
    file.unlink()
    return Finished(
        built.revision, '; '.join([f'revision {built.revision} has learnt {learnt}', *notes])
    )


def _words(stretches: list[list[LearntFrame]], again: list[LearntFrame]) -> str:
    """Return what was learnt; empty: nothing."""
    found = []
    if stretches:
        new = sum(map(len, stretches))
        found.append(f'{new} place(s) in {len(stretches)} stretch(es)')
    if again:
        found.append(f'{len(again)} changed place(s)')
    return ' and '.join(found)


def _stretches(frames: Sequence[LearntFrame]) -> list[list[LearntFrame]]:
    """Return the frames of each new stretch."""
    found: dict[int, list[LearntFrame]] = {}
    for frame in frames:
        if frame.branch is not None:
            found.setdefault(frame.branch, []).append(frame)
    return [each for each in found.values() if is_stretch([frame.repeat for frame in each])]


def _extended(
    content: MapContent,
    head: JournalHead,
    stretches: list[list[LearntFrame]],
    again: list[LearntFrame],
) -> MapContent:
    """
    Return the content with the learnt frames.

    :raises MapError: if the map is another one, whose frames are encoded differently.
    """
    variants, inputs = content.traverses[0].spikes.shape[1:]
    if (variants, inputs) != (head.variants, head.inputs):
        raise MapError(
            f'expected learnt frames of {variants} samples of {inputs} inputs as in the map, found '
            f'{head.variants} of {head.inputs}: the map was replaced by another one'
        )
    if stretches:
        content = merge(content, _new_places(content, head, stretches))
    if again:
        samples = _samples(again, [frame.place or 0 for frame in again], ADDITIONAL)
        content = replace(
            content,
            records=[*content.records, _record(head, len(again))],
            data=content.data.with_traverse(samples),
        )
    return content


def _new_places(
    content: MapContent, head: JournalHead, stretches: list[list[LearntFrame]]
) -> MapContent:
    """Return the new stretches as a content of their own."""
    counts = [len(stretch) for stretch in stretches]
    segments = Segments.of(counts)
    frames = [frame for stretch in stretches for frame in stretch]
    traverses = [
        _samples(stretch, range(part.start, part.stop), REFERENCE)
        for stretch, part in zip(stretches, segments.slices)
    ]
    return replace(
        content,
        config=replace(content.config, bags=[]),
        places=[Place(frame.stamp_ns, frame.pose, head.source, frame.name) for frame in frames],
        segments=segments,
        thumbnails=[frame.thumbnail for frame in frames],
        records=[_record(head, count) for count in counts],
        data=TrainingData(traverses, len(frames), content.adapt),
        labels={},
    )


def _samples(frames: Sequence[LearntFrame], places: Sequence[int], role: str) -> TraverseSamples:
    """Return the samples of frames, standardised as when the last of them was seen."""
    return TraverseSamples(
        np.stack([frame.spikes for frame in frames]),
        np.array(places, np.int64),
        np.array([frame.stamp_ns for frame in frames], np.int64),
        TrialFrames.none(frames[0].spikes.shape[-1]),
        role,
        frames[-1].light,
    )


def _record(head: JournalHead, frames: int) -> TraverseRecord:
    return {'source': head.source, 'frames': frames, 'used': frames, 'unreadable': 0}
