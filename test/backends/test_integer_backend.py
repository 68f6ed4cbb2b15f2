"""Backend `integer` against arithmetic in Python's own integers, and torch_int8 against it."""

from __future__ import annotations

import os
from fractions import Fraction

import numpy as np
import pytest
from support import quantised

from vprtempo_ros import backends
from vprtempo_ros.backends.integer import IntegerBackend, Layer, exact_blocks
from vprtempo_ros.config import BackendConfig
from vprtempo_ros.errors import BackendError
from vprtempo_ros.network.quantised.network import OUTPUT_MAX, QuantisedLayer, limits, multipliers


def by_hand(
    layer: QuantisedLayer,
    inputs: list[int],
    scale: np.float32,
    zero: int,
    highest: int,
    readout: str,
) -> list[int]:
    """Compute outputs with unbounded integers; only the factor is a float, as defined."""
    low, high = limits(layer, highest, readout)
    outputs = []
    for row, factor in zip(layer.weights.tolist(), multipliers(layer, scale)):
        total = np.float32(sum(w * (x - zero) for w, x in zip(row, inputs)))
        # round() of a fraction goes to the even neighbour on halves, as rint does.
        rounded = round(Fraction(float(total * factor))) + layer.zero_point
        outputs.append(min(max(rounded, low), high))
    return outputs


@pytest.mark.parametrize('readout', ['linear', 'clamped'])
@pytest.mark.parametrize('engine', ['x86', 'qnnpack'])
def test_equal_to_unbounded_integers(readout: str, engine: str) -> None:
    """The whole network, all modules, on every kind of frame."""
    network = quantised.trained(readout, engine)
    backend = IntegerBackend(network, BackendConfig())
    for spikes in quantised.frames(16):
        inputs = [
            min(
                max(
                    round(
                        Fraction(
                            float(np.float32(v) / np.float32(255) * (np.float32(1) / network.scale))
                        )
                    ),
                    0,
                ),
                network.activation_max,
            )
            for v in spikes.tolist()
        ]
        expected = []
        for module in network.modules:
            features = by_hand(
                module.feature,
                inputs,
                network.scale,
                network.zero_point,
                network.activation_max,
                readout,
            )
            outputs = by_hand(
                module.output,
                features,
                module.feature.scale,
                module.feature.zero_point,
                OUTPUT_MAX,
                readout,
            )
            expected += [
                np.float32(a - module.output.zero_point) * module.output.scale for a in outputs
            ]
        found = backend.similarity(spikes)
        assert found.dtype == np.float32
        assert found.tolist() == [float(value) for value in expected]


@pytest.mark.long
@pytest.mark.parametrize('readout', ['linear', 'clamped'])
@pytest.mark.parametrize(
    ('trained_for', 'engine'),
    [('x86', 'x86'), ('x86', 'fbgemm'), ('x86', 'qnnpack'), ('qnnpack', 'qnnpack')],
)
@pytest.mark.parametrize('modules', [1, 3])
def test_torch_gives_the_same_bits(
    readout: str, trained_for: str, engine: str, modules: int
) -> None:
    """The converted torch model is the integer network, on every frame and every engine."""
    torch = pytest.importorskip('torch')
    if engine not in torch.backends.quantized.supported_engines:
        pytest.skip(f'this machine has no {engine}')
    network = quantised.trained(readout, trained_for, modules)
    mine = backends.create(network, BackendConfig(name='integer'))
    theirs = backends.create(network, BackendConfig(name='torch_int8', engine=engine))
    assert (mine.places, theirs.places) == (quantised.PLACES, quantised.PLACES)
    for spikes in quantised.frames(200):
        assert mine.similarity(spikes).tobytes() == theirs.similarity(spikes).tobytes()


@pytest.mark.long
@pytest.mark.parametrize('readout', ['linear', 'clamped'])
def test_torch_gives_the_same_bits_at_full_size(readout: str) -> None:
    """784-1568-500 with saturated and negative features: 200 frames, every engine that is here."""
    pytest.importorskip('torch')
    from vprtempo_ros.backends.torch_eager import engines

    network = quantised.large(784, 1568, 500, readout)
    mine = backends.create(network, BackendConfig(name='integer'))
    shown = quantised.frames(200, 784)
    expected = [mine.similarity(spikes) for spikes in shown]
    assert len(np.unique(expected)) > 20
    for engine in {'x86', 'fbgemm', 'qnnpack'} & set(engines()):
        theirs = backends.create(network, BackendConfig(name='torch_int8', engine=engine))
        for spikes, similarity in zip(shown, expected):
            assert (theirs.similarity(spikes) == similarity).all()


def test_sums_beyond_float32_are_exact() -> None:
    """A layer whose sums exceed 2^24 is cut into blocks, and loses nothing."""
    rng = np.random.default_rng(0)
    weights = rng.integers(-128, 128, (7, 5000)).astype(np.int8)
    weights[0] = 127
    layer = QuantisedLayer(weights, np.ones(7, np.float32), np.float32(1), 0)
    inputs = rng.integers(0, 256, 5000)
    inputs[:] = np.where(np.arange(5000) % 2, 255, inputs)
    blocks = exact_blocks(weights, 255)
    assert len(blocks) > 1
    assert [b.start for b in blocks[1:]] == [b.stop for b in blocks[:-1]]
    assert (blocks[0].start, blocks[-1].stop) == (0, 5000)
    for block in blocks:
        assert np.abs(weights[:, block].astype(int)).sum(axis=1).max() * 255 <= 1 << 24
    expected = weights.astype(np.int64) @ inputs
    assert np.abs(expected).max() > 1 << 24
    sums = Layer(layer, np.float32(1), 0, 255, 255, 'linear').sums(inputs.astype(np.float32))
    assert (sums == expected.astype(np.float32)).all()


def test_halves_round_to_even() -> None:
    """Sums that end in a half go to the even integer, as the kernels have it."""
    layer = QuantisedLayer(
        np.array([[1], [3], [5], [-1], [-3]], np.int8), np.ones(5, np.float32), np.float32(2), 100
    )
    outputs = Layer(layer, np.float32(1), 0, 255, 255, 'linear')(np.ones(1, np.float32))
    assert outputs.tolist() == [0, 2, 2, 0, -2]


@pytest.mark.parametrize('backend', ['integer', 'torch_int8'])
def test_a_map_of_floats_is_refused(backend: str) -> None:
    """A map without integers names the setting that makes one."""
    if backend == 'torch_int8':
        pytest.importorskip('torch')
    network = quantised.trained()
    floats = network.floats
    with pytest.raises(BackendError, match='holds floats only.*training.quantize: qat'):
        backends.create(floats, BackendConfig(name=backend))


@pytest.mark.parametrize('backend', ['numpy', 'torch'])
def test_a_map_of_integers_is_refused_by_floats(backend: str) -> None:
    """A map without floats names the backends that run it."""
    if backend == 'torch':
        pytest.importorskip('torch')
    with pytest.raises(BackendError, match='integers only.*integer or torch_int8'):
        backends.create(quantised.trained(keep_fp32=False), BackendConfig(name=backend))


def test_engines_that_cannot_run() -> None:
    """An engine that is missing, or would overflow 16 bits, is refused in one line."""
    pytest.importorskip('torch')
    from vprtempo_ros.backends.torch_int8 import choose_engine

    seven, eight = quantised.trained(), quantised.trained(engine='qnnpack')
    with pytest.raises(BackendError, match='this machine has no fbgemm; it has qnnpack'):
        choose_engine(seven, 'fbgemm', ['qnnpack', 'onednn'])
    with pytest.raises(BackendError, match='x86 adds pairs of products in 16 bits'):
        choose_engine(eight, 'x86', ['qnnpack', 'x86'])
    with pytest.raises(BackendError, match='no engine here.*choose backend integer'):
        choose_engine(eight, '', ['x86', 'fbgemm'])
    assert choose_engine(eight, '', ['x86', 'qnnpack']) == 'qnnpack'
    assert choose_engine(seven, '', ['fbgemm']) == 'fbgemm'


def test_default_follows_the_map(monkeypatch: pytest.MonkeyPatch) -> None:
    """Integers run as integers; the installed packages decide in which backend."""
    both = quantised.trained()
    floats = both.floats
    for found, name in ((object(), 'torch_int8'), (None, 'integer')):
        monkeypatch.setattr(backends, 'find_spec', lambda module, found=found: found)
        assert backends.default_backend(both)[0] == name
        assert backends.default_backend(floats)[0] == 'numpy'
        assert 'integers' in backends.default_backend(both)[1]


@pytest.mark.parametrize('threads', [1, 2])
def test_threads_are_honoured(threads: int) -> None:
    """backend.threads is what NumPy's BLAS uses, until the backend is closed."""
    from threadpoolctl import threadpool_info

    def used() -> set[int]:
        return {pool['num_threads'] for pool in threadpool_info() if pool['user_api'] == 'blas'}

    before = used()
    backend = backends.create(quantised.trained(), BackendConfig(name='integer', threads=threads))
    # Other libraries may bring a BLAS that has one thread and no more (OpenCV 4.6 does).
    assert max(used()) == min(threads, os.cpu_count() or 1)
    backend.close()
    assert used() == before
