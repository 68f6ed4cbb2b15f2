"""The compiled loops of the two-stage search, for large maps; `two_stage.py` has those of NumPy."""

from __future__ import annotations

import numpy as np

from ..arrays import Doubles, Floats, Indices, Scores
from ..network.byte_network import EXACT, Bytes
from ..support.compiled import FAST, njit

F = np.float32
_ZERO = F(0.0)

# Places that are worked on together, so that they stay in the first-level cache.
_BLOCK = 1024


@njit(nogil=True, cache=True, fastmath=FAST)
def estimate(
    codes: Bytes,
    seen: Floats,
    gains: Floats,
    offsets: Floats,
    mean: Floats,
    scale: Floats,
    found: Scores,
    standing: Scores,
) -> None:
    """
    Set found to offsets + gains * (seen @ codes), and standing to (found - mean) * scale.

    codes int8 (rank, places), seen float32 (rank,), others float32 (places,).
    """
    rank, places = codes.shape
    for start in range(0, places, _BLOCK):
        stop = min(start + _BLOCK, places)
        sums = found[start:stop]
        sums[:] = _ZERO
        # Four dimensions at a time: the sums are read and written less often.
        for k in range(0, rank - 3, 4):
            one, two = codes[k, start:stop], codes[k + 1, start:stop]
            three, four = codes[k + 2, start:stop], codes[k + 3, start:stop]
            a, b, c, d = seen[k], seen[k + 1], seen[k + 2], seen[k + 3]
            for i in range(sums.shape[0]):
                sums[i] += (a * F(one[i]) + b * F(two[i])) + (c * F(three[i]) + d * F(four[i]))
        for k in range(rank - rank % 4, rank):
            one, a = codes[k, start:stop], seen[k]
            for i in range(sums.shape[0]):
                sums[i] += a * F(one[i])
        gain, offset = gains[start:stop], offsets[start:stop]
        middle, factor, far = mean[start:stop], scale[start:stop], standing[start:stop]
        for i in range(sums.shape[0]):
            value = offset[i] + gain[i] * sums[i]
            sums[i] = value
            far[i] = (value - middle[i]) * factor[i]


@njit(nogil=True, cache=True, fastmath=FAST)
def integer_sums(rows: Bytes, places: Indices, spikes: Floats, out: Doubles) -> None:
    """
    Set out to the sums of weights times spikes of some places, exactly; float64 (len(places),).

    rows int8 (all places, inputs), spikes float32 (inputs,), as `byte_network.integer_sums`.
    """
    last = places.shape[0] - 1
    # Four rows at a time, which memory delivers at once; at the end some of them twice.
    for n in range(0, last + 1, 4):
        one, two, three, four = n, min(n + 1, last), min(n + 2, last), min(n + 3, last)
        first, second = rows[places[one]], rows[places[two]]
        third, fourth = rows[places[three]], rows[places[four]]
        a, b, c, d = np.float64(0.0), np.float64(0.0), np.float64(0.0), np.float64(0.0)
        for start in range(0, spikes.shape[0], EXACT):
            shown = spikes[start : start + EXACT]
            w, x = first[start : start + EXACT], second[start : start + EXACT]
            y, z = third[start : start + EXACT], fourth[start : start + EXACT]
            p, q, r, s = _ZERO, _ZERO, _ZERO, _ZERO
            for i in range(shown.shape[0]):
                spike = shown[i]
                p += F(w[i]) * spike
                q += F(x[i]) * spike
                r += F(y[i]) * spike
                s += F(z[i]) * spike
            a += p
            b += q
            c += r
            d += s
        out[one], out[two], out[three], out[four] = a, b, c, d
