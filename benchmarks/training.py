"""Training 784-1568-500 by the published rule, 4 epochs, compared with vprtempo.src.blitnet."""

from __future__ import annotations

import time

import numpy as np

from vprtempo_ros.config import TrainingConfig
from vprtempo_ros.network.training import train

from .report import table
from .upstream import train_like_upstream

PLACES, INPUTS, EPOCHS, MULTIPLIER = 500, 784, 4, 2.0


def bench() -> None:
    """Time both on the same spikes; ours includes the initial weights."""
    spikes = np.random.default_rng(0).integers(0, 256, (PLACES, INPUTS)).astype(np.uint8)
    config = TrainingConfig(epochs=EPOCHS, feature_multiplier=MULTIPLIER, outputs='stdp')
    start = time.perf_counter()
    train(spikes[:2], np.arange(2), config)
    compiling = time.perf_counter() - start
    times = []
    for _ in range(5):
        start = time.perf_counter()
        train(spikes, np.arange(PLACES), config)
        times.append(time.perf_counter() - start)
    ours = float(np.median(times))
    start = time.perf_counter()
    amplitudes = spikes.astype(np.float32) / np.float32(255)
    train_like_upstream(amplitudes, round(INPUTS * MULTIPLIER), EPOCHS, 0)
    theirs = time.perf_counter() - start
    table(
        ['', 'seconds', 'times as fast'],
        [
            ['upstream, vprtempo.src.blitnet', f'{theirs:.1f}', '1'],
            ['vprtempo_ros, median of 5', f'{ours:.3f}', f'{theirs / ours:.0f}'],
        ],
    )
    print(
        f'\n(loading or, the first time, compiling the loops: {compiling:.1f} s once per process)'
    )
