"""What of Loihi 2 a map needs, and the maps that do not fit; without Lava."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support import quantised

from vprtempo_ros import backends
from vprtempo_ros.backends.lava import graded_backend
from vprtempo_ros.backends.lava.limits import check_limits, chips, describe, sums_range
from vprtempo_ros.config import BackendConfig
from vprtempo_ros.errors import BackendError
from vprtempo_ros.network.quantised.network import QuantisedLayer, QuantisedModule, QuantisedNetwork


def of_shape(inputs: int, features: int, places: int, modules: int = 1) -> QuantisedNetwork:
    """Return a network of this shape with small weights."""

    def layer(neurons: int, width: int) -> QuantisedLayer:
        return QuantisedLayer(
            np.ones((neurons, width), np.int8), np.ones(neurons, np.float32), np.float32(1), 0
        )

    return QuantisedNetwork(
        [QuantisedModule(layer(features, inputs), layer(places, features)) for _ in range(modules)],
        'linear',
        np.float32(1 / 127),
        0,
        127,
    )


def test_demand_of_each_module() -> None:
    """Neurons and synapses are counted, and cores from the synapses that fit one."""
    demands = check_limits(of_shape(784, 1568, 500, modules=2))
    assert [demand.neurons for demand in demands] == [2068, 2068]
    assert [demand.synapses for demand in demands] == [784 * 1568 + 1568 * 500] * 2
    # 131072 // 784 = 167 feature neurons a core, 131072 // 1568 = 83 outputs.
    assert [demand.cores for demand in demands] == [10 + 7, 10 + 7]
    assert chips(demands) == 1
    assert describe(demands).startswith('1 Loihi 2 chip (34 of 128 cores, 4,136 neurons')


def test_large_maps_take_several_chips() -> None:
    """One chip has 128 cores."""
    assert chips(check_limits(of_shape(784, 3136, 500, modules=9))) == 3


def test_sums_are_bounded_exactly() -> None:
    """The bound is reached by the inputs that reach it, and takes their sign into account."""
    weights = np.random.default_rng(0).integers(-128, 128, (5, 9)).astype(np.int8)
    least, largest = sums_range(weights, (-3, 7))
    wide = weights.astype(int)
    assert largest == max((np.where(wide > 0, 7, -3) * wide).sum(axis=1))
    assert least == min((np.where(wide > 0, -3, 7) * wide).sum(axis=1))


def test_overflowing_accumulators_are_refused() -> None:
    """Sums beyond 24 bits would wrap on the chip, not in simulation: the layer is named."""
    network = of_shape(784, 30, 5)
    network.modules[0].feature.weights[:] = 127
    with pytest.raises(
        BackendError,
        match=r'module 0, features: sums from 0 to 12645136 may '
        r'occur, and the 24-bit accumulators.*8388607',
    ):
        check_limits(network)


def test_the_exact_bound_is_allowed() -> None:
    """2^23 - 1 is held, 2^23 is not."""
    weights = np.zeros((2, 600), np.int8)
    weights[:, :520] = 127
    weights[:, 520] = 12
    network = of_shape(600, 2, 2)
    network.modules[0].feature.weights = weights
    assert sums_range(weights, (0, 127)) == (0, 127 * (520 * 127 + 12))
    check_limits(network)
    weights[:, 521] = 1
    assert sums_range(weights, (0, 127))[1] > 2**23 - 1
    with pytest.raises(BackendError, match='24-bit'):
        check_limits(network)


def test_weights_out_of_range_are_refused() -> None:
    """A synapse has 8 bits."""
    network = of_shape(4, 3, 2)
    network.modules[0].output.weights = np.full((2, 3), 200, np.int16)  # type: ignore[assignment]
    with pytest.raises(BackendError, match='module 0, outputs: expected weights from -128 to 127'):
        check_limits(network)


def test_too_many_synapses_of_a_neuron_are_refused() -> None:
    """All synapses of a neuron are on its core."""
    network = of_shape(4, 3, 2)
    network.modules[0].feature.weights = np.zeros((1, 140_000), np.int8)
    with pytest.raises(BackendError, match='140000 synapses of 8 bits, a core of Loihi 2 holds'):
        check_limits(network)


def test_limits_are_checked_before_lava_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A map that cannot fit says so; one that fits says how to install what is missing."""
    monkeypatch.setattr(graded_backend, 'lava_is_installed', lambda: False)
    network = quantised.trained()
    with pytest.raises(BackendError, match="backend 'lava' needs Lava.*make lava"):
        backends.create(network, BackendConfig(name='lava'))
    feature = network.modules[0].feature
    wide = replace(feature, weights=np.full((len(feature.weights), 1000), 127, np.int8))
    broken = replace(network, modules=[replace(network.modules[0], feature=wide)])
    with pytest.raises(BackendError, match='24-bit'):
        backends.create(broken, BackendConfig(name='lava'))


def test_a_map_of_floats_is_refused() -> None:
    """Lava runs integers."""
    network = quantised.trained()
    with pytest.raises(BackendError, match="backend 'lava' needs integers.*quantize: qat"):
        backends.create(network.floats, BackendConfig(name='lava'))
