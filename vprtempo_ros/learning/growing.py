"""A map in memory that grows by a place at a time, until it is trained with all of them."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple, Sequence, TypeVar, cast, overload

import numpy as np
from numpy.typing import NDArray

from ..arrays import Spikes
from ..maps.map import Map
from ..maps.places import Place
from ..matching.normalisation import shrunk
from ..network.layers import AMPLITUDE
from ..network.network import LinearNetwork
from ..network.segments import Segments
from ..statistics import Statistics
from .basis import Basis
from .rows import Rows

A = TypeVar('A', bound=NDArray[np.generic])


class Seen(NamedTuple):
    """
    The frame of a new place.

    encoded: uint8 (inputs,), as encoded; samples: uint8 (variants, inputs), as the network takes
    them, of which the first is the frame itself.
    """

    place: Place
    thumbnail: bytes
    encoded: Spikes
    samples: Spikes


class GrowingMap:
    """
    The network of a map with rows for places that were just seen.

    A row is what training gives, but for the samples of the new places themselves, which change the
    rows of all places a little: the next revision has that. Use it from one thread.
    """

    def __init__(self, loaded: Map, basis: Basis, room: int) -> None:
        """Copy what grows, with memory for `room` new places."""
        assert isinstance(loaded.network, LinearNetwork)
        self.base = len(loaded.places)
        self._loaded, self._basis, self._rows = loaded, basis, Rows(basis)
        self._counts = loaded.parts().counts
        self._statistics = list(loaded.segment_statistics or [loaded.pixel_statistics])
        self._places = list(loaded.places)
        self._thumbnails: list[bytes] = []
        self._weights = _with_room(loaded.network.weights, room)
        self._spikes = _with_room(loaded.spikes, room)
        self._mean = _with_room(loaded.response_statistics.mean, room)
        self._deviation = _with_room(loaded.response_statistics.std, room)
        self._middle = float(np.median(loaded.response_statistics.std))
        self._frames = basis.frames.astype(np.float32) * AMPLITUDE
        self._tolerance = len(basis.targets) - 1

    def __len__(self) -> int:
        """Return the number of places."""
        return len(self._places)

    @property
    def end(self) -> int:
        """Number of places at the end of a stretch that resemble the last one."""
        return 2 * self._tolerance + 2

    @property
    def full(self) -> bool:
        """Whether there is no room for another place."""
        return len(self._places) == len(self._weights)

    def open_branch(self, light: Statistics) -> None:
        """Begin a new stretch, of which the next places are; light: statistics of the pixels."""
        self._counts.append(0)
        self._statistics.append(light)
        self._rows.open_segment()

    def add(self, seen: Seen) -> int:
        """Add a place to the newest stretch; return its number."""
        number = len(self._places)
        self._places.append(seen.place)
        self._thumbnails.append(seen.thumbnail)
        self._counts[-1] += 1
        self._spikes[number] = seen.encoded
        # Neighbours are correct answers too, so the places before change with each new one.
        rows = self._rows.add(seen.samples)
        first = number + 1 - len(rows)
        self._weights[first : number + 1] = rows
        self._measure(slice(first, number + 1))
        return number

    def change(self, place: int, samples: Spikes) -> None:
        """Add samples uint8 (variants, inputs), as the network takes them, of a place."""
        row = self._rows.change(samples)
        near = self._loaded.parts().around(place, self._tolerance)
        for each in range(near.start, near.stop):
            self._weights[each] += float(self._basis.targets[abs(each - place)]) * row
        self._measure(near)

    def statistics(self, count: int) -> Statistics:
        """Return the statistics of the responses of the first places."""
        return Statistics(self._mean[:count], self._deviation[:count])

    def near(self, place: int, other: int) -> bool:
        """Return whether two places of the map as it was are within its tolerance."""
        around = self._loaded.parts().around(place, self._tolerance)
        return around.start <= other < around.stop

    def map(self) -> Map:
        """Return the map with all places so far; its arrays grow no more, but rows may change."""
        count = len(self._places)
        grown = replace(
            self._loaded,
            places=self._places[:count],
            network=LinearNetwork(self._weights[:count]),
            thumbnails=_Joined(self._loaded.thumbnails, self._thumbnails[: count - self.base]),
            spikes=self._spikes[:count],
            response_statistics=Statistics(
                self._mean[:count].copy(), self._deviation[:count].copy()
            ),
            segments=Segments.of(self._counts),
            segment_statistics=list(self._statistics),
        )
        # It may have loaded a neural network.
        grown.encoder = self._loaded.encoder
        return grown

    def _measure(self, part: slice) -> None:
        """Set the statistics of the responses of some places to frames of others."""
        responses = self._frames @ self._weights[part].T
        soft = self._loaded.encoder.profile.normalisation
        count = len(responses)
        for number, column in zip(range(part.start, part.stop), responses.T):
            others = column
            if number < self.base:
                near = self._loaded.parts().around(number, self._tolerance)
                away = (self._basis.places < near.start) | (self._basis.places >= near.stop)
                others = column[away] if away.any() else column
            variance = shrunk(float(others.var()), count, self._middle**2)
            deviation = float(np.sqrt(variance)) or 1.0
            self._mean[number] = soft * others.mean()
            self._deviation[number] = (deviation / self._middle) ** soft * self._middle


class _Joined(Sequence[bytes]):
    """Thumbnails in a file, and those of new places."""

    def __init__(self, first: Sequence[bytes], second: Sequence[bytes]) -> None:
        self._first, self._second = first, second

    def __len__(self) -> int:
        return len(self._first) + len(self._second)

    @overload
    def __getitem__(self, index: int) -> bytes: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[bytes]: ...

    def __getitem__(self, index: int | slice) -> bytes | Sequence[bytes]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        # Of 0 to len - 1, as of a list.
        number = range(len(self))[index]
        before = len(self._first)
        return self._first[number] if number < before else self._second[number - before]


def _with_room(values: A, room: int) -> A:
    """Return a copy with room for more rows."""
    empty = np.zeros((room, *values.shape[1:]), values.dtype)
    return cast(A, np.concatenate([values, empty]))
