"""Encoding a 640x480 frame to spikes, against upstream's preprocessing."""

from __future__ import annotations

import numpy as np

from vprtempo_ros.config import EncodingConfig
from vprtempo_ros.encoding.pixels import PixelEncoder
from vprtempo_ros.frames import grey_image

from .report import seconds_per_call, table
from .upstream import module


def bench() -> None:
    """Time both on one thread, for grey and colour, and for two sizes."""
    import torch

    dataset = module('dataset')
    torch.set_num_threads(1)
    pixels = np.random.default_rng(0).integers(0, 256, (480, 640, 3)).astype(np.uint8)
    rows = []
    for side, patch in ((28, 7), (56, 15)):
        for name, image in (('colour', pixels), ('grey', pixels[..., :1])):
            planes = torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))
            process = dataset.ProcessImage([side, side], patch)
            theirs = seconds_per_call(lambda: process(planes))  # noqa: B023
            wrapped = grey_image(np.ascontiguousarray(image.squeeze()))
            for resize in ('bilinear', 'area'):
                encoder = PixelEncoder(
                    EncodingConfig(
                        encoder='pixels', width=side, height=side, patch=patch, resize=resize
                    )
                )
                ours = seconds_per_call(lambda: encoder(wrapped))  # noqa: B023
                rows.append(
                    [
                        f'{side}x{side}, patch {patch}, {name}',
                        resize,
                        f'{theirs * 1e3:.2f}',
                        f'{ours * 1e3:.3f}',
                        f'{theirs / ours:.0f}',
                    ]
                )
    table(['to', 'our resize', 'upstream ms', 'vprtempo_ros ms', 'times as fast'], rows)
