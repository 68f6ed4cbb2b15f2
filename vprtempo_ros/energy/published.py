"""Published energies of other systems that recognise places, with what each is of."""

from __future__ import annotations

from typing import NamedTuple


class Published(NamedTuple):
    """
    Energy of a frame in microjoules: what does not depend on the number of places, and per place.

    what: how the authors came to it, and what it leaves out.
    """

    system: str
    fixed: float
    per_place: float
    what: str

    def of(self, places: int) -> float:
        """Return microjoules of a frame for this number of places."""
        return self.fixed + self.per_place * places


PUBLISHED = (
    Published(
        'LENS on a Speck',
        2674.0,
        0.0,
        'measured by its authors: 2.67 mW in all of the chip, 1 s a place '
        '(github.com/AdamDHines/LENS, SPECK_LENS_inference.npy), with sensor and idle power; for '
        'any number of places',
    ),
    # Spikes of its released network on its example, counted in sinabs 3.1.3, 250 time steps.
    Published(
        'LENS, operations',
        168_676 * 10e-6,
        2072 * 10e-6,
        'of its released network on its example, 10 pJ each: as "Speck, rate"',
    ),
    # 4096 numbers of a descriptor are compared with those of each place.
    Published(
        'SpikeVPR, 45 nm',
        18_000.0,
        4096 * 4.6e-6,
        'estimated by its authors for the descriptor (arXiv:2604.03277), float32 matching added; '
        'any number of places, other data',
    ),
)
