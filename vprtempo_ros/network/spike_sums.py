"""
Sums of spikes as integers: all that ridge regression needs of its samples, exactly.

Integers add up to the same bits in any order, on any number of threads, workers and machines, and
subtracting samples leaves what there would be without them. So a map that was edited has the sums
of one trained at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable, Iterator, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..arrays import Doubles, Floats, Indices, Integers, Spikes
from ..support.blas import BlasThreads
from ..support.parallel import ahead
from .ridge import Sums

_AMPLITUDE = 1.0 / 255.0
# Samples in one product of matrices: 1024 products of two numbers from -128 to 127 are the most
# whose sum float32, with its 24 bits, has exactly.
BATCH, _MIDDLE = 1024, 128
# Inputs of a block of products: of two blocks, those of one order are the others turned.
_BLOCK = 384


@dataclass
class SpikeSums:
    """
    The sums of spikes 0 to 255.

    count: samples; total: int64 (inputs,); power: int64 (inputs, inputs), the sum of x x^T; places:
    int32 (places, inputs), the sum of each place's samples; shown: int64 (places,), their number.
    """

    count: int
    total: Integers
    power: Integers
    places: NDArray[np.int32]
    shown: Integers

    @classmethod
    def zero(cls, places: int, inputs: int) -> SpikeSums:
        """Return the sums of no samples."""
        return cls(
            0,
            np.zeros(inputs, np.int64),
            np.zeros((inputs, inputs), np.int64),
            np.zeros((places, inputs), np.int32),
            np.zeros(places, np.int64),
        )

    def add(self, spikes: Spikes, places: Indices, sign: int = 1) -> None:
        """
        Add samples, or with sign -1 subtract samples that were added.

        :param spikes: uint8 (samples, inputs), as the network takes them; places: int64 (samples,).
        """
        self.add_all([(spikes, places)], sign)

    def add_all(
        self, batches: Iterable[tuple[Spikes, Indices]], sign: int = 1, threads: int = 0
    ) -> None:
        """
        Add samples and their places, as `add`, batch by batch; small ones are joined.

        :param threads: that multiply, 0: one per core; the sums do not depend on it.
        """
        # Batches go to threads as a whole, which is faster than products by several threads.
        single = BlasThreads(1)
        try:
            self._add_all(batches, sign, threads)
        finally:
            single.restore()

    def _add_all(self, batches: Iterable[tuple[Spikes, Indices]], sign: int, threads: int) -> None:
        products = _Products(len(self.total))

        def multiplied(batch: tuple[Spikes, Indices]) -> tuple[_Product, Spikes, Indices]:
            return products.of(batch[0]), *batch

        for product, part, where in ahead(multiplied, _even(batches), threads=threads):
            products.add(product)
            # Samples of a place mostly follow each other: sum each run first.
            starts = np.flatnonzero(np.diff(where, prepend=where[0] - 1))
            runs = np.add.reduceat(part, starts, axis=0, dtype=np.int32)
            np.add.at(self.places, where[starts], np.int32(sign) * runs)
            np.add.at(self.shown, where, sign)
        if products.count:
            self.count += sign * products.count
            self.total += sign * products.total
            products.add_to(self.power, sign)

    def followed_by(self, other: SpikeSums) -> SpikeSums:
        """Return the sums of both, the places of `other` after those of these."""
        return SpikeSums(
            self.count + other.count,
            self.total + other.total,
            self.power + other.power,
            np.concatenate([self.places, other.places]),
            np.concatenate([self.shown, other.shown]),
        )

    def only(self, places: Indices) -> SpikeSums:
        """Return the sums with these places only, in this order; no other has a sample."""
        return SpikeSums(
            self.count, self.total, self.power, self.places[places], self.shown[places]
        )

    def copy(self) -> SpikeSums:
        """Return sums that can be added to on their own."""
        return SpikeSums(
            self.count, self.total.copy(), self.power.copy(), self.places.copy(), self.shown.copy()
        )

    def amplitudes(self, places: slice) -> Sums:
        """Return the sums of amplitudes of 0 to 1, of all samples and of some places."""
        return Sums(
            self.count,
            np.multiply(self.total, _AMPLITUDE, dtype=np.float64),
            np.multiply(self.power, _AMPLITUDE**2, dtype=np.float64),
            *self.rows(places),
        )

    def rows(self, places: slice) -> tuple[Floats, Integers]:
        """Return the sums of amplitudes of some places, float32, and their numbers of samples."""
        rows = np.multiply(self.places[places], _AMPLITUDE, dtype=np.float32)
        return rows, self.shown[places]


def sums_of(spikes: Spikes, places: Indices, count: int) -> SpikeSums:
    """
    Return the sums of samples of this number of places.

    :param spikes: uint8 (samples, inputs), as the network takes them; places: int64 (samples,).
    """
    sums = SpikeSums.zero(count, spikes.shape[1])
    sums.add(spikes, places)
    return sums


def _even(batches: Iterable[tuple[Spikes, Indices]]) -> Iterator[tuple[Spikes, Indices]]:
    """Yield the samples of batches in their order, mostly half of `BATCH` or more at a time."""
    waiting: list[tuple[Spikes, Indices]] = []
    for spikes, places in batches:
        for begin in range(0, len(spikes), BATCH):
            part = spikes[begin : begin + BATCH], places[begin : begin + BATCH]
            if sum(len(each) for each, _ in waiting) + len(part[0]) > BATCH:
                yield _joined(waiting)
                waiting = []
            waiting.append(part)
    if waiting:
        yield _joined(waiting)


def _joined(parts: list[tuple[Spikes, Indices]]) -> tuple[Spikes, Indices]:
    if len(parts) == 1:
        return parts[0]
    return np.concatenate([part for part, _ in parts]), np.concatenate([at for _, at in parts])


class _Product(NamedTuple):
    """Of some samples c their number, sum, and blocks of c c^T."""

    samples: int
    total: Doubles
    blocks: list[Floats]


class _Products:
    """
    The sum of x x^T, from products of numbers c = x - 128 around 0: more of these add up exactly.

    Sums of batches are added up as float64, exactly too, and corrected once, at the end.
    """

    def __init__(self, inputs: int) -> None:
        self.count = 0
        self._centred: Doubles = np.zeros(inputs)
        parts = [slice(begin, begin + _BLOCK) for begin in range(0, inputs, _BLOCK)]
        self._where = [(rows, columns) for at, rows in enumerate(parts) for columns in parts[at:]]
        self._blocks: list[Doubles] = []

    @property
    def total(self) -> Integers:
        """The sum of x, int64 (inputs,)."""
        return np.asarray(self._centred.astype(np.int64) + _MIDDLE * self.count)

    def of(self, spikes: Spikes) -> _Product:
        """Return the products of up to 1024 samples, to be added; in any thread."""
        centred = spikes.astype(np.float32)
        centred -= np.float32(_MIDDLE)
        blocks = [centred[:, rows].T @ centred[:, columns] for rows, columns in self._where]
        return _Product(len(spikes), centred.sum(axis=0, dtype=np.float64), blocks)

    def add(self, product: _Product) -> None:
        """Add products."""
        self.count += product.samples
        self._centred += product.total
        if self._blocks:
            for block, more in zip(self._blocks, product.blocks):
                block += more
        else:
            self._blocks = [each.astype(np.float64) for each in product.blocks]

    def add_to(self, power: Integers, sign: int) -> None:
        """Add the sum of x x^T to int64 (inputs, inputs), or subtract it."""
        # x x^T = c c^T + m (c + c^T) + m m, with m = 128.
        shifted = _MIDDLE * self._centred.astype(np.int64)
        shifted += _MIDDLE * _MIDDLE * self.count // 2
        for (rows, columns), block in zip(self._where, self._blocks):
            products = block.astype(np.int64)
            products += shifted[rows, None]
            products += shifted[columns]
            products *= sign
            power[rows, columns] += products
            if rows != columns:
                power[columns, rows] += products.T
