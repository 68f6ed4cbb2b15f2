"""The encoders in the energy bill: operations counted by hand, and their energy."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support import onnx_models, quantised

from vprtempo_ros.config import (
    DescriptorConfig,
    EncodingConfig,
    EnergyConfig,
    OrientedConfig,
    TrainerConfig,
)
from vprtempo_ros.encoding.descriptor import DescriptorEncoder
from vprtempo_ros.encoding.encoder import encoder_for
from vprtempo_ros.encoding.event_counts import EventEncoder
from vprtempo_ros.encoding.oriented import OrientedEncoder
from vprtempo_ros.encoding.pixels import PixelEncoder
from vprtempo_ros.energy.breakdown import encoder_energy, energy_breakdown
from vprtempo_ros.energy.encoding import Part, encoder_operations, overlaps
from vprtempo_ros.energy.onnx_operations import products_of
from vprtempo_ros.energy.operations import dense, graded
from vprtempo_ros.errors import ConfigError
from vprtempo_ros.tools import energy


def test_overlaps_one_by_one() -> None:
    """Each pixel of a row that a pixel of the smaller row looks at, even a little."""
    for source in range(1, 40):
        for target in range(1, source + 1):
            # In units of 1 / (source * target) of the row.
            pairs = sum(
                min((i + 1) * target, (j + 1) * source) > max(i * target, j * source)
                for i in range(source)
                for j in range(target)
            )
            assert overlaps(source, target) == pairs


def test_oriented_by_hand() -> None:
    """A small image and few cells, each number written out."""
    small = OrientedConfig(side=8, orientations=4, cells=2)
    config = EncodingConfig(encoder='oriented', oriented=small, adapt=True)
    parts = encoder_operations(OrientedEncoder(small), config, (40, 32), False)
    assert parts == [
        # 40x32 is halved to 20x16, four additions for each of its pixels. Averaging 20 columns to 8
        # takes 24 products in each of 16 rows, 16 rows to 8 takes 16 in each of 8 columns.
        Part('shrink', 16 * 24 + 8 * 16, 4 * 20 * 16),
        # 64 pixels: two differences, two squares, a root (7), an angle (10).
        Part('gradients', 64 * 21, 0),
        Part('orientations', 64 * 12, 0),
        # (2 rows x 4 orientations x 8 columns) to 2 columns, and 16 opposite orientations.
        Part('pool', 2 * 4 * 8 * 2 + 16, 0),
        # 16 squares, products and roundings; 4 cells with sums, a root and two quotients.
        Part('divide', 16 * 3 + 4 * (4 + 7 + 10), 0),
        Part('standardise', 16 * 24, 0),
    ]
    # 3148 operations of floats at 4.6 pJ and 1280 of bytes at 0.3 pJ.
    floats = 512 + 1344 + 768 + 144 + 132 + 384
    assert encoder_energy(parts, EnergyConfig()) == pytest.approx((floats * 4.6 + 384) * 1e-6)
    # Counts of events are floats, and have a root and a common scale instead of a table.
    shrink = encoder_operations(OrientedEncoder(small), config, (40, 32), True)[0]
    assert shrink == Part('shrink', 512 + 1280 + 64 * 9, 0)


def test_pixels_by_hand() -> None:
    """The mean of the whole image, the small image, its patches."""
    config = EncodingConfig(encoder='pixels', width=4, height=4, adapt=False)
    shrink, patches = encoder_operations(PixelEncoder(config), config, (64, 48), False)
    # Halved once to 32x24; 32 columns to 4, 24 rows to 4; a table of 256 powers.
    assert shrink == Part('shrink', 24 * 32 + 4 * 24 + 256 * 20, 64 * 48 + 4 * 32 * 24)
    assert patches == Part('patches', 16 * 41, 0)
    config = EncodingConfig(encoder='pixels', width=4, height=4, resize='bilinear', adapt=False)
    shrink, _ = encoder_operations(PixelEncoder(config), config, (64, 48), False)
    assert shrink == Part('shrink', 64 * 23 + 96, 64 * 48)
    for tone, each in (('linear', 0), ('sqrt', 7), ('root4', 14), ('log', 10)):
        events = EncodingConfig(
            encoder='pixels', width=4, height=4, tone=tone, resize='nth', adapt=False
        )
        parts = encoder_operations(EventEncoder(events), events, (64, 48), True)
        assert parts == [Part('shrink', 16 * each, 0), patches]


def test_descriptors_by_hand(tmp_path: Path) -> None:
    """Convolutions and matrix products of a network, as onnxruntime runs them."""
    pytest.importorskip('onnxruntime', reason='needs onnxruntime')
    file = onnx_models.save_model(
        tmp_path / 'small.onnx',
        [
            ('Conv', ['image', 'kernel'], ['edges']),
            ('Relu', ['edges'], ['rectified']),
            ('Flatten', ['rectified'], ['flat']),
            ('MatMul', ['flat', 'weights'], ['middle']),
            ('Gemm', ['middle', 'last'], ['descriptor']),
        ],
        {'image': (1, 3, 6, 8)},
        constants={
            'kernel': np.ones((2, 3, 3, 3), np.float32),
            'weights': np.ones((48, 5), np.float32),
            'last': np.ones((5, 4), np.float32),
        },
    )
    descriptor = DescriptorConfig(model=str(file))
    encoder = DescriptorEncoder(descriptor)
    # 2 x 4 x 6 outputs of 27 products each; 48 to 5; 5 to 4.
    assert products_of(str(file), encoder) == 48 * 27 + 48 * 5 + 5 * 4
    config = EncodingConfig(encoder='descriptor', descriptor=descriptor, adapt=False)
    parts = encoder_operations(encoder, config, (16, 12), False)
    # 16 columns to 8 in 12 rows, 12 rows to 6 in 8 columns, and scaling 3 colours.
    assert parts[0] == Part('shrink', 12 * 16 + 8 * 12 + 2 * 8 * 6 * 3, 0)
    assert parts[1:] == [Part('network', 1556, 0), Part('roots', 4 * 11, 0)]


def test_nodes_whose_products_are_unknown_are_named(tmp_path: Path) -> None:
    """The bill is not short of them without a word."""
    pytest.importorskip('onnxruntime', reason='needs onnxruntime')
    file = onnx_models.save_model(
        tmp_path / 'other.onnx',
        [('ConvTranspose', ['image', 'kernel'], ['wider']), ('Flatten', ['wider'], ['descriptor'])],
        {'image': (1, 3, 6, 8)},
        constants={'kernel': np.ones((3, 1, 3, 3), np.float32)},
    )
    descriptor = DescriptorConfig(model=str(file))
    config = EncodingConfig(encoder='descriptor', descriptor=descriptor, adapt=False)
    with pytest.raises(ConfigError, match='operations of ConvTranspose nodes.* are not known'):
        encoder_operations(DescriptorEncoder(descriptor), config, (16, 12), False)


@pytest.mark.long
def test_mobilenet_has_its_published_operations(tmp_path: Path) -> None:
    """MobileNetV2: 300 million multiply-accumulates (Sandler et al., CVPR 2018)."""
    pytest.importorskip('onnxruntime', reason='needs onnxruntime')
    file = onnx_models.mobilenet(tmp_path / 'mobilenet.onnx')
    encoder = DescriptorEncoder(DescriptorConfig(model=str(file)))
    assert products_of(str(file), encoder) == pytest.approx(300e6, rel=0.02)


def test_each_engine_has_the_encoder_in_front() -> None:
    """Except rates of a camera's own events."""
    network = quantised.trained()
    shown = quantised.frames(3)
    counts = [*dense(network, shown), graded(network, shown)]
    counts[-1] = replace(counts[-1], own_events=True)
    *others, last = energy_breakdown(counts, EnergyConfig(), 2.5)
    assert all(item.with_encoder == item.total + 2.5 for item in others)
    assert last.with_encoder == last.total


class Unknown:
    """An encoder of another package."""

    length = 3


def test_encoders_of_other_packages_are_named() -> None:
    """Their operations are not known."""
    with pytest.raises(ConfigError, match="operations of encoder 'mine' are not known"):
        encoder_operations(Unknown(), EncodingConfig(encoder='mine'), (64, 48), False)


# SANA-FE, where it is installed, runs in a process of its own.
@pytest.mark.process
def test_the_tool_prints_the_bill(
    street,
    quantised_map: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By step, with the sum, and added to each engine."""
    arguments = [str(street.recordings.query), '--frames', '3', '--out', str(tmp_path)]
    assert energy.main([str(street.map), *arguments, '--steps', '3']) == 0
    lines = capsys.readouterr().out.splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith('encoder oriented, '))
    total = next(line for line in lines[at:] if line.startswith('  sum')).split()[-1]
    row = next(line for line in lines if line.startswith('  as one matrix')).split()
    assert float(row[-2]) == pytest.approx(float(row[-3]) + float(total), rel=0.01)
    assert float(total) > 0
    # Frames are still encoded by the encoder of the map.
    monkeypatch.setattr(
        energy, 'encoder_operations', lambda encoder, *rest: encoder_operations(Unknown(), *rest)
    )
    # This map has no rate code, which takes longest.
    assert energy.main([str(quantised_map), *arguments]) == 0
    said = capsys.readouterr().out
    assert "(without the encoder: the operations of encoder 'pixels' are not known)" in said


def test_defaults() -> None:
    """The figures in docs/neuromorphic.md."""
    for name in ('oriented', 'pixels'):
        config = TrainerConfig(encoding=EncodingConfig(encoder=name))
        parts = encoder_operations(encoder_for(config), config.encoding, (640, 480), False)
        floats = sum(part.floats for part in parts)
        integers = sum(part.integers for part in parts)
        energy_of = encoder_energy(parts, EnergyConfig())
        page = (Path(__file__).parents[2] / 'docs' / 'neuromorphic.md').read_text()
        matrix = 500 * encoder_for(config).length * 4.6e-6
        row = f'| `{name}` | {floats:,} | {integers:,} | {energy_of:.2f} | {matrix:.2f} |'
        assert row in page, row
