"""The recordings of a route, read by an executor, and joined to what a map is built from."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate
from typing import Sequence

from ..arrays import Integers
from ..config import TrainerConfig, TrainingConfig
from ..encoding.encoder import encoder_for
from ..executors.choice import encoding_workers, executor_for
from ..network.segments import Segments
from ..network.spike_sums import SpikeSums
from ..network.training import is_closed_form
from ..sources.poses import Origin
from ..support.progress import ProgressCallback
from .alike import check_alike, following
from .content import MapContent
from .leftovers import resumed
from .map import TraverseRecord
from .reading import Drive, ReadDrive, ReadStretch, Stretch, read_drive, read_origin, read_stretch
from .reading_file import DRIVE, STRETCH
from .samples import ADDITIONAL, HELD_OUT, REFERENCE, TraverseSamples
from .training_data import TrainingData, is_few


def read_route(
    config: TrainerConfig,
    progress: ProgressCallback,
    origin: Origin | None = None,
    given: MapContent | None = None,
) -> MapContent:
    """
    Read the traverses in `config.bags`, of which `places.bags` define places.

    :param origin: of GPS poses; None: the first fix.
    :param given: the same traverses with another camera, which has defined the places; of these
        the result has those that this camera has a frame of.
    :raises SourceError: if a recording is unusable.
    :raises MapError: if the traverses do not fit each other.
    :raises ConfigError: if a setting does not fit the input, or the executor cannot run.
    """
    if config.places.bags == 'all':
        return _read_stretches(config, progress, origin, given)
    first = _read_stretches(replace(config, bags=config.bags[:1]), progress, origin, given)
    content = replace(first, config=replace(first.config, bags=config.bags))
    if len(config.bags) == 1:
        return content
    read = _read_drives(content, config, config.bags[1:], progress)
    data = content.data
    if is_closed_form(config.training):
        for drive in read:
            data = data.with_traverse(drive.samples)
    else:
        data = replace(data, traverses=[*data.traverses, *(each.samples for each in read)])
    records = [*content.records, *(each.record for each in read)]
    return replace(content, records=records, data=data)


def read_additional(
    content: MapContent, bags: Sequence[str], progress: ProgressCallback
) -> list[tuple[TraverseSamples, TraverseRecord]]:
    """
    Read other traverses of the places of a map.

    :raises SourceError, MapError, ConfigError: as `read_route`.
    """
    read = _read_drives(content, content.config, bags, progress)
    return [(each.samples, each.record) for each in read]


def _read_drives(
    content: MapContent, config: TrainerConfig, bags: Sequence[str], progress: ProgressCallback
) -> list[ReadDrive]:
    """Read other drives of the places of a map, with the executor of the configuration."""
    # Confidence is refined on the first one.
    known = all(each.role == REFERENCE for each in content.traverses)
    roles = [HELD_OUT if known and not number else ADDITIONAL for number in range(len(bags))]
    tasks = [
        Drive(bag, config, content.origin, content.places, content.sensor, role)
        for bag, role in zip(bags, roles)
    ]
    read: dict[int, ReadDrive] = {}
    resumed(config, read_drive, tasks, DRIVE, 'drives', progress, read.__setitem__)
    return [read[number] for number in range(len(tasks))]


def _read_stretches(
    config: TrainerConfig,
    progress: ProgressCallback,
    origin: Origin | None,
    given: MapContent | None,
) -> MapContent:
    """Read recordings that each define places, and join them in their order."""
    # One alone is read here, and its frames are encoded by several processes.
    workers = encoding_workers(config.training) if len(config.bags) == 1 else 1
    tasks = [Stretch(bag, config, origin, workers=workers) for bag in config.bags]
    if given is not None:
        parts = given.segments.slices
        tasks = [replace(task, given=given.places[part]) for task, part in zip(tasks, parts)]
    if origin is None and len(tasks) > 1:
        # The coordinates of GPS begin where the first recording does.
        found: dict[int, Origin | None] = {}
        executor_for(config.training, tasks[:1]).run(
            read_origin, tasks[:1], 'looking for the origin', progress, found.__setitem__
        )
        tasks = [replace(task, origin=found[0]) for task in tasks]
    stretches = _Stretches()
    resumed(config, read_stretch, tasks, STRETCH, 'recordings', progress, stretches.take)
    return stretches.content(config, defined=given is None)


class _Stretches:
    """Stretches, whose sums of products are added up at once, since each takes much memory."""

    def __init__(self) -> None:
        self._read: dict[int, ReadStretch] = {}
        self._power: Integers | None = None

    def take(self, number: int, read: ReadStretch) -> None:
        """Take a stretch."""
        if read.sums is not None:
            power = read.sums.power
            if self._power is None:
                self._power = power
            else:
                self._power += power
            read = replace(read, sums=replace(read.sums, power=power[:0]))
        self._read[number] = read

    def content(self, config: TrainerConfig, defined: bool) -> MapContent:
        """Return everything, in the order of the recordings; defined: by them, places are."""
        read = [self._read[number] for number in range(len(self._read))]
        for each in read[1:]:
            check_alike(read[0], each)
        records = [each.record for each in read]
        if defined:
            further = [following(each.record, each.places) for each in read[1:]]
            records = [*records[:1], *further]
        counts = [len(each.places) for each in read]
        samples = [each.samples.moved(first) for each, first in zip(read, accumulate([0, *counts]))]
        return MapContent(
            _without_executor(config),
            encoder_for(config),
            [place for each in read for place in each.places],
            Segments.of(counts),
            [thumbnail for each in read for thumbnail in each.thumbnails],
            read[0].sensor,
            next((each.origin for each in read if each.origin), None),
            records,
            TrainingData(
                samples, sum(counts), config.encoding.adapt, self._sums(read, samples, config)
            ),
        )

    def _sums(
        self, read: list[ReadStretch], samples: list[TraverseSamples], config: TrainerConfig
    ) -> SpikeSums | None:
        """Return the sums of all stretches, None where they are not needed."""
        if not is_closed_form(config.training) or (self._power is None and is_few(samples)):
            return None
        if len(read) == 1 and read[0].sums is not None and self._power is not None:
            return replace(read[0].sums, power=self._power)
        places = sum(len(each.places) for each in read)
        found = SpikeSums.zero(places, samples[0].spikes.shape[-1])
        small = [moved for each, moved in zip(read, samples) if each.sums is None]
        found.add_all(batch for each in small for batch in each.batches(config.encoding.adapt))
        first = 0
        for each in read:
            part = slice(first, first + len(each.places))
            first = part.stop
            if each.sums is not None:
                found.count += each.sums.count
                found.total += each.sums.total
                found.places[part], found.shown[part] = each.sums.places, each.sums.shown
        if self._power is not None:
            found.power += self._power
        return found


def _without_executor(config: TrainerConfig) -> TrainerConfig:
    """Return the configuration that a map keeps: where it was computed does not matter to it."""
    default = TrainingConfig()
    return replace(
        config,
        training=replace(
            config.training,
            executor=default.executor,
            workers=default.workers,
            scheduler=default.scheduler,
        ),
    )
