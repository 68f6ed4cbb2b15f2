"""What training by gradient does to a frame, so that the network learns what stays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def augment(spikes: NDArray[np.uint8], size: tuple[int, int], noise: float) -> NDArray[np.uint8]:
    """
    Return frames shifted by up to a pixel, with another contrast, and with noise.

    Random numbers are those of torch's global generator.

    :param spikes: uint8 (frames, inputs); size: columns and rows of a frame.
    :param noise: deviation of the noise of a pixel, as a part of its range.
    """
    import torch

    width, height = size
    frames = torch.from_numpy(spikes.astype(np.float32)).reshape(-1, 1, height, width)
    padded = torch.nn.functional.pad(frames, (1, 1, 1, 1), mode='replicate')
    views = padded.unfold(2, height, 1).unfold(3, width, 1)
    rows, columns = torch.randint(0, 3, (2, len(spikes)))
    moved = views[torch.arange(len(spikes)), 0, rows, columns].reshape(len(spikes), -1)
    contrast = 0.7 + 0.6 * torch.rand(len(spikes), 1)
    disturbance = 255 * noise * torch.randn(moved.shape)
    shown = (moved - 127.5) * contrast + 127.5 + disturbance
    return np.asarray(shown.round().clamp(0, 255).numpy().astype(np.uint8))
