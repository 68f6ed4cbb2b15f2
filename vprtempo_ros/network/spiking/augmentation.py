"""Augmentation of frames in training by gradient: shift, contrast, noise."""

from __future__ import annotations

import numpy as np

from ...arrays import Spikes


def augment(spikes: Spikes, size: tuple[int, int], noise: float) -> Spikes:
    """
    Return frames shifted by up to a pixel, with changed contrast and with noise.

    Random numbers are drawn from torch's global generator.

    :param spikes: uint8 (frames, inputs); size: columns and rows of a frame.
    :param noise: standard deviation of a pixel's noise, as a fraction of its range.
    """
    import torch

    width, height = size
    frames = torch.from_numpy(spikes.astype(np.float32)).reshape(-1, 1, height, width)
    padded = torch.nn.functional.pad(frames, (1, 1, 1, 1), mode='replicate')
    views = padded.unfold(2, height, 1).unfold(3, width, 1)
    rows, columns = torch.randint(0, 3, (2, len(spikes)))
    moved = views[torch.arange(len(spikes)), 0, rows, columns].reshape(len(spikes), -1)
    contrast = 0.7 + 0.6 * torch.rand(len(spikes), 1)
    added = 255 * noise * torch.randn(moved.shape)
    shown = (moved - 127.5) * contrast + 127.5 + added
    return np.asarray(shown.round().clamp(0, 255).numpy().astype(np.uint8))
