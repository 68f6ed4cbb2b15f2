"""Maps with integers: saving and loading, size, checks; map_info."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support import quantised
from support.quantised import map_of

from vprtempo_ros.backends import create
from vprtempo_ros.config import BackendConfig, TrainingConfig
from vprtempo_ros.errors import MapError
from vprtempo_ros.frames import Pose
from vprtempo_ros.maps.places import Place
from vprtempo_ros.maps.store import load, save
from vprtempo_ros.network.quantised.network import QuantisedNetwork
from vprtempo_ros.statistics import Statistics
from vprtempo_ros.tools import map_info


@pytest.mark.parametrize('keep', [True, False])
@pytest.mark.parametrize('readout', ['linear', 'clamped'])
def test_what_is_saved_comes_back(tmp_path: Path, keep: bool, readout: str) -> None:
    """All integers and scales, with or without floats; similarities stay the same."""
    network = quantised.trained(readout, keep_fp32=keep)
    save(map_of(network), tmp_path / 'map')
    loaded = load(tmp_path / 'map').network
    assert len(loaded.floats.modules if loaded.floats else ()) == (3 if keep else 0)
    assert loaded.places == quantised.PLACES
    mine, theirs = (create(n, BackendConfig(name='integer')) for n in (network, loaded))
    for spikes in quantised.frames(10):
        assert (mine.similarity(spikes) == theirs.similarity(spikes)).all()


def test_integers_alone_are_a_quarter(tmp_path: Path) -> None:
    """An int8-only network takes a quarter of the bytes on disk."""
    config = TrainingConfig(feature_multiplier=2.0, epochs=1)
    rng = np.random.default_rng(0)
    spikes = rng.integers(0, 256, (50, 784)).astype(np.uint8)
    sizes = []
    for network in (
        quantised.train(spikes, np.arange(50), config),
        quantised.large(784, 1568, 50, 'linear'),
    ):
        save(map_of(network), tmp_path / 'map', overwrite=True)
        sizes.append((tmp_path / 'map' / 'network.safetensors').stat().st_size)
    assert sizes[1] < 0.26 * sizes[0]


def _nan(network: QuantisedNetwork) -> None:
    network.modules[1].feature.weight_scales[3] = np.nan


def _zero(network: QuantisedNetwork) -> None:
    network.modules[0].output.weight_scales[0] = 0


def _negative(network: QuantisedNetwork) -> None:
    network.modules[2].output.scale = np.float32(-1)


def _infinite(network: QuantisedNetwork) -> None:
    network.scale = np.float32(np.inf)


def _input_zero(network: QuantisedNetwork) -> None:
    network.zero_point = 128


def _output_zero(network: QuantisedNetwork) -> None:
    network.modules[0].output.zero_point = -1


def _activations(network: QuantisedNetwork) -> None:
    network.activation_max = 1000


def _rescaled(network: QuantisedNetwork) -> None:
    network.modules[0].feature.scale = np.float32(1e-30)


def _vanishing(network: QuantisedNetwork) -> None:
    network.modules[0].feature.weight_scales[:] = np.float32(1e-40)
    network.modules[0].feature.scale = np.float32(1e30)


@pytest.mark.parametrize(
    ('damage', 'message'),
    [
        (
            _nan,
            r'module.1.feature.integer.weight_scales: expected finite numbers above 0, found nan',
        ),
        (_zero, r'module.0.output.integer.weight_scales: expected finite .* above 0, found 0.0'),
        (_negative, r'module.2.output.integer.scale: expected finite numbers above 0, found -1.0'),
        (_infinite, r'integer.input.scale: expected finite numbers above 0, found inf'),
        (
            _input_zero,
            r'integer.input.zero_point: expected a whole number from 0 to 127, found 128',
        ),
        (_output_zero, r'module.0.output.integer.zero_point: expected .* from 0 to 255, found -1'),
        (_activations, r'integer.activation_max: expected 127 or 255, found 1000'),
        (_rescaled, r'module.0.feature.integer: a response rescaled .* would overflow 32 bits'),
        (_vanishing, r'module.0.feature.integer: a response rescaled .* would overflow 32 bits'),
    ],
)
def test_bad_integers_are_refused(
    tmp_path: Path, damage: Callable[[QuantisedNetwork], None], message: str
) -> None:
    """Each in one line, when the map is loaded."""
    network = quantised.trained(keep_fp32=False)
    built = map_of(network)
    damage(network)
    save(built, tmp_path / 'map')
    with pytest.raises(MapError, match=message) as error:
        load(tmp_path / 'map')
    assert '\n' not in str(error.value)


def test_sums_beyond_32_bits_are_refused() -> None:
    """More inputs than an accumulator can add are found before any frame is."""
    from vprtempo_ros.network.quantised.network import QuantisedLayer, QuantisedModule, check

    wide = QuantisedLayer(
        np.full((2, 140_000), -128, np.int8), np.ones(2, np.float32), np.float32(1e9), 0
    )
    module = QuantisedModule(
        wide, QuantisedLayer(np.ones((2, 2), np.int8), np.ones(2, np.float32), np.float32(1e9), 0)
    )
    with pytest.raises(
        MapError, match='module.0.feature.integer.weights: .* would overflow the 32-bit accumulator'
    ):
        check(QuantisedNetwork([module], 'linear', np.float32(1), 0, 127))


def test_shapes_must_agree(tmp_path: Path) -> None:
    """Floats and integers of different networks in one map are refused."""
    one, other = quantised.trained(modules=3), quantised.trained(modules=2)
    save(map_of(replace(other, floats=one.floats)), tmp_path / 'map')
    with pytest.raises(MapError, match='floats and integers of the same shapes'):
        load(tmp_path / 'map')


def test_map_info_tells_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Places, modules, bytes, sensor, origin, training, calibration, checksums."""
    built = map_of(quantised.trained())
    built.places = [
        Place(n, Pose((2.0 * n, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0), 'map'), 'bag', str(n))
        for n in range(quantised.PLACES)
    ]
    built.origin = (48.1, 11.5, 520.0)
    save(built, tmp_path / 'map')
    assert map_info.main([str(tmp_path / 'map')]) == 0
    text = capsys.readouterr().out
    for expected in (
        '13, 13 with a pose',
        '24.0 m from the first',
        "in frame 'map'",
        'latitude 48.1000000',
        '3 modules, linear readout',
        'module 2: 36-72-',
        'camera, 64x48 pixels',
        '6x6 pixels',
        'vprtempo_ros test',
        '/bags/a: 13 of 20 frames, 1 unreadable',
        'qat, seed 0',
        'inputs and features 0 to 127',
        '  network.safetensors',
        '  map.yaml',
    ):
        assert expected in text, text
    floats, integers = (
        int(line.split()[1].replace(',', ''))
        for line in text.splitlines()
        if line.startswith(('fp32', 'int8'))
    )
    assert floats > 3.5 * integers > 0


def test_map_info_tells_of_confidence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What it was fitted to, the tolerance, and the curve of each sequence filter."""
    save(map_of(quantised.trained()), tmp_path / 'map')
    assert map_info.main([str(tmp_path / 'map')]) == 0
    text = capsys.readouterr().out
    for expected in (
        'confidence   model of the package, refined on 2000 frames of an additional traverse; '
        'correct within 1 place\n',
        'none: slope 0.5, offset +0.25, 50% of the frames correct',
        'seqslam: slope 1, offset -0.5, 75% of the frames correct',
        'bayes: slope 1.5, offset +0, 88% of the frames correct',
    ):
        assert expected in text, text


@pytest.mark.parametrize(
    ('sick', 'expected'),
    [
        ([], 'none (no place responds to all frames alike)'),
        ([7], '1 place responds to all frames alike: 7'),
        ([3, 7], '2 places respond to all frames alike: 3, 7'),
        (
            range(10, 40),
            f'30 places respond to all frames alike: {", ".join(map(str, range(10, 30)))}, ...',
        ),
    ],
)
def test_map_info_names_hyperactive_places(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], sick: list[int], expected: str
) -> None:
    """Hyperactive neurons are counted and listed, up to 20 of them."""
    network = quantised.large(36, 20, 200, 'linear')
    built = map_of(network)
    mean = np.random.default_rng(0).normal(0, 1, 200).astype(np.float32)
    mean[list(sick)] += 50
    built.response_statistics = Statistics(mean, np.ones(200, np.float32))
    save(built, tmp_path / 'map')
    assert map_info.main([str(tmp_path / 'map')]) == 0
    (line,) = (
        line for line in capsys.readouterr().out.splitlines() if line.startswith('hyperactive')
    )
    assert line == f'hyperactive  {expected}'


def test_map_info_of_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder without a map: one line and a failing exit status."""
    assert map_info.main([str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith(f'error: {tmp_path}: not a map')
    for network, missing in ((quantised.trained(keep_fp32=False), 'fp32         none'),):
        save(map_of(network), tmp_path / 'map')
        assert map_info.main([str(tmp_path / 'map')]) == 0
        assert missing in capsys.readouterr().out


def test_whoever_reads_may_stop(tmp_path: Path) -> None:
    """A tool whose output is not read to its end, as with `head`, ends without a message."""
    save(map_of(quantised.trained()), tmp_path / 'map')
    with subprocess.Popen(
        [sys.executable, '-m', map_info.__name__, str(tmp_path / 'map')],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as tool:
        assert tool.stdout is not None
        assert tool.stderr is not None
        tool.stdout.close()
        assert tool.stderr.read() == ''
        assert tool.wait() == 128 + signal.SIGPIPE
