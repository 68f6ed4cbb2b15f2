"""Quantisation in the loop against torch's own modules, and what it must not depend on."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from vprtempo_ros.config import TrainingConfig
from vprtempo_ros.errors import ConfigError
from vprtempo_ros.network.layers import Layer, new_feature_layer, new_output_layer
from vprtempo_ros.network.presentation import Presentation, Targets
from vprtempo_ros.network.quantised import kernels as qat_kernels
from vprtempo_ros.network.quantised import training as qat
from vprtempo_ros.network.quantised.network import (
    QuantisedLayer,
    QuantisedNetwork,
    align_scales,
    multipliers,
)
from vprtempo_ros.network.quantised.observers import (
    SCHEMES,
    MovingRange,
    engine_of_machine,
    quantise_weights,
)
from vprtempo_ros.network.training import train
from vprtempo_ros.support.progress import silent

INPUTS, NEURONS, PLACES, STEPS = 40, 30, 7, 60
ENGINES = ['fbgemm', 'x86', 'qnnpack']
Array = NDArray[np.float32]


def qconfig(engine: str) -> Any:
    """Return torch's default configuration."""
    torch = pytest.importorskip('torch')
    return torch.ao.quantization.get_default_qat_qconfig(engine)


def in_order(samples: Array) -> Presentation:
    """Return the presentation of all samples, one after another, with the default rates."""
    steps = len(samples)
    return Presentation(
        samples,
        np.arange(steps),
        np.full(steps, 0.005, np.float32),
        np.full(steps, 0.15, np.float32),
    )


class TorchLayer:
    """A layer as the tutorial has it: QuantStub and Linear, prepared for QAT by torch."""

    def __init__(self, weights: Array, engine: str, output: bool = False) -> None:
        import torch
        from torch import nn
        from torch.ao import quantization

        class Model(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.quant = quantization.QuantStub()
                self.linear = nn.Linear(weights.shape[1], weights.shape[0], bias=False)
                self.linear.weight.data = torch.from_numpy(weights.copy())

            def forward(self, spikes: Any) -> Any:
                return self.linear(self.quant(spikes))

        model = Model()
        model.qconfig = qconfig(engine)
        if output:
            from vprtempo_ros.backends.torch_eager import output_qconfig

            model.linear.qconfig = output_qconfig(engine)
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            self.model = quantization.prepare_qat(model.train())
        self.torch = torch

    def respond(self, spikes: Array) -> Array:
        with self.torch.no_grad():
            return self.model(self.torch.from_numpy(spikes[None])).numpy()[0].copy()

    def respond_unclipped(self, spikes: Array) -> Array:
        """Round at the scale that torch has observed, but do not clip at its range."""
        seen: list[Array] = []
        rounding = self.model.linear.activation_post_process
        hook = rounding.register_forward_hook(lambda m, args, out: seen.append(args[0].numpy()[0]))
        self.respond(spikes)
        hook.remove()
        scale = np.float32(rounding.scale.item())
        return np.rint(seen[0] * (np.float32(1) / scale)) * scale

    @property
    def weights(self) -> Array:
        return self.model.linear.weight.detach().numpy()

    def converted(self) -> Any:
        from torch.ao import quantization

        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            return quantization.convert(self.model.eval())


def limited(weights: Array, excitatory: Array, inhibitory: Array, factor: Array) -> Array:
    """Keep weights within the limits of their kind (stdp._limited, in NumPy)."""
    return np.where(
        weights > 0,
        np.clip(excitatory, 1e-6, 10),
        np.where(weights < 0, np.clip(inhibitory, -10, -1e-6) * factor, 0),
    )


def feature_step(
    weights: Array,
    thresholds: Array,
    rates: Array,
    response: Array,
    spikes: Array,
    eta: float,
    eta_ip: float,
) -> None:
    """Learn from one presentation as DESIGN.md has it, in place."""
    out = np.clip(response - thresholds, 0, np.float32(0.9))
    change = np.where(out > 0, eta * (0.5 - out), 0)[:, None] * (spikes > 0)
    factor = np.maximum(1 + 50 * eta * response, 0)[:, None]
    weights[:] = limited(weights, weights + change, weights - change, factor)
    thresholds[:] = np.maximum(thresholds + eta_ip * (out - rates), 0)


@pytest.mark.parametrize('engine', ENGINES)
def test_feature_steps_equal_torch(engine: str) -> None:
    """Step by step: weights, thresholds, all observers, and what torch converts."""
    pytest.importorskip('torch')
    rng = np.random.default_rng(3)
    layer = new_feature_layer(INPUTS, NEURONS, 0.3, 0.5, rng)
    theirs = TorchLayer(layer.weights, engine)
    thresholds = layer.thresholds.copy()
    # Not all frames reach 1: the range of the inputs has to move too.
    spikes = (rng.random((STEPS, INPUTS)) * rng.uniform(0.5, 1, (STEPS, 1))).astype(np.float32)
    spikes[spikes < 0.1] = 0
    for shown in spikes:
        response = theirs.respond(shown)
        weights = theirs.weights.copy()
        feature_step(weights, thresholds, layer.target_rates, response, shown, 0.005, 0.15)
        theirs.model.linear.weight.data = theirs.torch.from_numpy(weights)
    training = qat.train_features(layer, in_order(spikes), False, SCHEMES[engine], silent, chunk=1)
    np.testing.assert_allclose(layer.weights, theirs.weights, atol=2e-6)
    np.testing.assert_allclose(layer.thresholds, thresholds, atol=2e-6)
    check_observers(training, theirs)


@pytest.mark.parametrize('engine', ENGINES)
def test_output_steps_equal_torch(engine: str) -> None:
    """The same for an output layer, with its target spikes; see train_outputs for clipping."""
    pytest.importorskip('torch')
    rng = np.random.default_rng(4)
    layer = new_output_layer(INPUTS, PLACES, rng)
    theirs = TorchLayer(layer.weights, engine, output=True)
    spikes = (rng.random((STEPS, INPUTS)) * 0.9).astype(np.float32)
    scaled = spikes / rng.uniform(0.2, 0.9, INPUTS).astype(np.float32)
    places = np.arange(STEPS) % PLACES
    for shown, divided, place in zip(spikes, scaled, places):
        response = theirs.respond_unclipped(shown)
        target = np.where(np.arange(PLACES) == place, 0.5, 0)
        change = (0.005 * (target - np.clip(response, 0, 0.9)))[:, None] * divided
        factor = np.maximum(1 + 50 * 0.005 * response, 0)[:, None]
        weights = limited(theirs.weights, theirs.weights + change, theirs.weights + change, factor)
        theirs.model.linear.weight.data = theirs.torch.from_numpy(weights.astype(np.float32))
    training = qat.train_outputs(
        layer, in_order(spikes), Targets(places, scaled), SCHEMES[engine], silent, chunk=1
    )
    np.testing.assert_allclose(layer.weights, theirs.weights, atol=2e-6)
    check_observers(training, theirs)


def check_observers(training: qat.LayerTraining, theirs: TorchLayer) -> None:
    """Compare the ranges, and the integers of the weights with those that convert makes."""
    responses = theirs.model.linear.activation_post_process.activation_post_process
    np.testing.assert_allclose(
        training.response_range[:2], [responses.min_val, responses.max_val], rtol=1e-5, atol=1e-5
    )
    converted = theirs.converted()
    mine = training.quantised()
    weights = converted.linear.weight()
    per_channel = weights.qscheme() == theirs.torch.per_channel_affine
    scales = weights.q_per_channel_scales().numpy() if per_channel else weights.q_scale()
    np.testing.assert_allclose(mine.scales, scales, rtol=1e-5)
    assert np.abs(mine.integers.astype(int) - weights.int_repr().numpy()).max() <= 1
    assert (mine.integers == weights.int_repr().numpy()).mean() > 0.99
    scale, zero = MovingRange.of(training.response_range).affine(
        theirs.model.linear.activation_post_process.activation_post_process.quant_max
    )
    assert scale == pytest.approx(converted.linear.scale, rel=1e-5)
    assert zero == converted.linear.zero_point


@pytest.mark.parametrize('engine', ENGINES)
def test_activations_equal_torch(engine: str) -> None:
    """Scale, zero point and rounding of moving ranges equal the fused module's, to the bit."""
    torch = pytest.importorskip('torch')
    fake = qconfig(engine).activation()
    top = fake.activation_post_process.quant_max
    assert top == SCHEMES[engine].activation_max
    state, moving = np.zeros(3, np.float32), MovingRange()
    rng = np.random.default_rng(0)
    for step in range(200):
        low, high = rng.normal(-1, 0.5), rng.normal(2, 0.5)
        values = rng.uniform(low, max(high, low + 0.1), 50).astype(np.float32)
        theirs = fake(torch.from_numpy(values)).numpy()
        extremes = values.min(keepdims=True), values.max(keepdims=True)
        scales, zeros = qat_kernels.follow(state, *extremes, top)
        moving.observe(*extremes)
        assert scales[0] == fake.scale.item(), step
        assert zeros[0] == fake.zero_point.item(), step
        mine = [
            qat_kernels.fake(value, scales[0], zeros[0], np.float32(0), np.float32(top))
            for value in values
        ]
        assert mine == theirs.tolist()
        scale, zero = fake.calculate_qparams()
        assert moving.affine(top) == (scale.item(), zero.item())


@pytest.mark.parametrize(
    ('low', 'high'),
    [(0.0, 1.0), (-1.0, 0.0), (0.0, 0.0), (-1e-9, 1e-9), (0.0, 1e-4), (-3.0, 0.5), (0.3, 0.9)],
)
@pytest.mark.parametrize('symmetric', [False, True])
def test_scales_of_odd_ranges_equal_torch(low: float, high: float, symmetric: bool) -> None:
    """One-sided, empty and tiny ranges: as torch's fused kernel chooses."""
    torch = pytest.importorskip('torch')
    fake = qconfig('x86').weight() if symmetric else qconfig('x86').activation()
    fake(torch.tensor([[low, high]]))
    bottom, top = (-128, 127) if symmetric else (0, 127)
    scale, zero = qat_kernels.choose(np.float32(low), np.float32(high), bottom, top, symmetric)
    assert (scale, zero) == (fake.scale.item(), fake.zero_point.item())


@pytest.mark.parametrize('engine', ENGINES)
def test_weights_equal_torch(engine: str) -> None:
    """Integers and scales of weights equal what torch quantises, to the bit."""
    pytest.importorskip('torch')
    weights = new_feature_layer(INPUTS, NEURONS, 0.3, 0.5, np.random.default_rng(1)).weights
    theirs = TorchLayer(weights, engine)
    theirs.respond(np.ones(INPUTS, np.float32))
    converted = theirs.converted().linear.weight()
    low, high = weights.min(axis=1), weights.max(axis=1)
    if not SCHEMES[engine].per_channel:
        low, high = np.full_like(low, low.min()), np.full_like(high, high.max())
    integers, scales = quantise_weights(weights, low, high)
    assert (integers == converted.int_repr().numpy()).all()
    expected = (
        converted.q_per_channel_scales().numpy()
        if SCHEMES[engine].per_channel
        else converted.q_scale()
    )
    assert (scales == np.asarray(expected, np.float32)).all()


def test_engines_round_alike_on_aligned_scales() -> None:
    """No factor depends on whether an engine divides or multiplies by the reciprocal."""
    rng = np.random.default_rng(0)
    differed = 0
    # The first layer scale has few neighbours with a good reciprocal.
    found = np.concatenate(([0.015599503], rng.uniform(1e-3, 1, 100))).astype(np.float32)
    for number, entered in enumerate(rng.uniform(1e-3, 1, 101).astype(np.float32)):
        scales = rng.uniform(1e-5, 1e-2, 2000).astype(np.float32)
        layer = QuantisedLayer(np.zeros((2000, 1), np.int8), scales.copy(), found[number], 60)
        before = layer.scale

        def apart(layer: QuantisedLayer, entered: np.float32) -> int:
            product = layer.weight_scales * entered
            reciprocal = product * (np.float32(1) / layer.scale)
            return int((multipliers(layer, entered) != reciprocal).sum())

        differed += apart(layer, entered)
        align_scales(layer, entered)
        assert apart(layer, entered) == 0
        np.testing.assert_allclose(layer.weight_scales, scales, rtol=8e-6)
        assert layer.scale == pytest.approx(before, rel=5e-4)
    assert differed > 0


def route() -> NDArray[np.uint8]:
    """Return the spikes of a route of 24 places."""
    return np.random.default_rng(0).integers(0, 256, (24, 64)).astype(np.uint8)


def integers(config: TrainingConfig) -> bytes:
    """Train on the route and return every integer and scale."""
    network = train(route(), np.arange(24), config)
    assert isinstance(network, QuantisedNetwork)
    parts: list[Any] = [network.scale, network.zero_point]
    for module in network.modules:
        for layer in (module.feature, module.output):
            parts += [layer.weights, layer.weight_scales, layer.scale, layer.zero_point]
    return b''.join(np.asarray(part).tobytes() for part in parts)


@pytest.mark.long
@pytest.mark.parametrize('engine', ['x86', 'qnnpack'])
def test_threads_do_not_matter(engine: str) -> None:
    """The same seed gives the same bits with one thread and with two."""
    one, two, other = (
        integers(
            TrainingConfig(
                quantize='qat',
                engine=engine,
                threads=threads,
                seed=seed,
                epochs=40,
                places_per_module=12,
            )
        )
        for threads, seed in ((1, 0), (2, 0), (1, 1))
    )
    assert one == two
    assert one != other


@pytest.mark.long
@pytest.mark.parametrize('readout', ['linear', 'clamped'])
@pytest.mark.parametrize('chunk', [1, 32])
def test_places_are_recognised(readout: str, chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """In integers too, whether ranges follow every step or every chunk."""
    from vprtempo_ros.backends.integer import IntegerBackend
    from vprtempo_ros.config import BackendConfig

    monkeypatch.setattr(qat, 'CHUNK', chunk)
    network = train(route(), np.arange(24), TrainingConfig(quantize='qat', readout=readout))
    noise = np.random.default_rng(1).normal(0, 25, (24, 64))
    queries = np.clip(route() + noise, 0, 255).astype(np.uint8)
    backend = IntegerBackend(network, BackendConfig())
    found = [int(backend.similarity(query).argmax()) for query in queries]
    assert (np.array(found) == np.arange(24)).mean() > 0.9


def test_floats_may_be_left_out() -> None:
    """keep_fp32 decides what the map holds; nothing at all is refused."""
    network = train(
        route(), np.arange(24), TrainingConfig(quantize='qat', epochs=2, keep_fp32=False)
    )
    assert isinstance(network, QuantisedNetwork)
    assert network.floats is None
    assert (network.places, network.inputs) == (24, 64)
    with pytest.raises(ConfigError, match='leaves nothing in the map; set training.quantize'):
        train(route(), np.arange(24), TrainingConfig(keep_fp32=False))


def test_engine_follows_the_machine() -> None:
    """x86-64 learns for x86, everything else for qnnpack."""
    assert [engine_of_machine(name) for name in ('x86_64', 'AMD64', 'aarch64', 'armv7l')] == [
        'x86',
        'x86',
        'qnnpack',
        'qnnpack',
    ]


def test_a_layer_without_inhibition() -> None:
    """Weights of one sign have a zero point of their own in training; nothing breaks."""
    rng = np.random.default_rng(0)
    layer = Layer(
        rng.random((5, INPUTS)).astype(np.float32),
        np.zeros(5, np.float32),
        np.full(5, 0.5, np.float32),
    )
    spikes = rng.random((20, INPUTS)).astype(np.float32)
    qat.train_features(layer, in_order(spikes), False, SCHEMES['x86'], silent)
    assert np.isfinite(layer.weights).all()
    assert (layer.weights > 0).all()
