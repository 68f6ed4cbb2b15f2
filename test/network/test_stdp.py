"""The learning rule: a step equals upstream's, and what the rule promises holds."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from support import oracle

from vprtempo_ros.network.presentation import Presentation, Targets
from vprtempo_ros.network.stdp import train_feature_rows, train_output_rows

INPUTS, NEURONS, STEPS = 40, 30, 25
Array = NDArray[np.float32]


def layer_of_upstream(spike_forcing: bool):
    """Return an untrained layer of upstream's."""
    oracle.blitnet()
    import torch

    torch.manual_seed(3)
    np.random.seed(3)  # noqa: NPY002 - upstream draws from NumPy's global generator
    if spike_forcing:
        return oracle.blitnet().SNNLayer(
            dims=[INPUTS, NEURONS], ip_rate=0.15, stdp_rate=0.005, p=[1.0, 1.0], spk_force=True
        )
    return oracle.blitnet().SNNLayer(
        dims=[INPUTS, NEURONS],
        thr_range=[0, 0.5],
        fire_rate=[0.2, 0.9],
        ip_rate=0.15,
        stdp_rate=0.005,
        p=[0.1, 0.5],
    )


def presented(seed: int = 1) -> Array:
    """Return spikes (STEPS, INPUTS), a fifth of them zero."""
    spikes = np.random.default_rng(seed).random((STEPS, INPUTS)).astype(np.float32)
    spikes[spikes < 0.2] = 0.0
    return spikes


def one_step(sample: Array) -> Presentation:
    """Return the presentation of one sample, with the default learning rates."""
    return Presentation(
        sample, np.zeros(1, np.int64), np.full(1, 0.005, np.float32), np.full(1, 0.15, np.float32)
    )


def test_feature_steps_equal_upstream() -> None:
    """Weights and thresholds follow upstream's step by step, its threshold rule switched on."""
    blitnet = oracle.blitnet()
    import torch

    theirs = layer_of_upstream(spike_forcing=False)
    weights = theirs.w.weight.detach().numpy().copy()
    thresholds = theirs.thr.detach().numpy()[0].copy()
    rates = theirs.fire_rate.numpy()[0].copy()
    spikes = presented()
    changed = 0.0
    for step in range(STEPS):
        before = weights.copy()
        with torch.no_grad():
            shown = torch.from_numpy(spikes[step : step + 1])
            response = theirs.w(shown)
            output = blitnet.clamp_spikes(response, theirs)
            blitnet.calc_stdp(shown, output, response, theirs, None)
        train_feature_rows(weights, thresholds, rates, one_step(spikes[step : step + 1]), True)
        # Only one deviation is left: our factor of homeostasis is never negative.
        np.testing.assert_allclose(weights, theirs.w.weight.detach().numpy(), atol=2e-6)
        np.testing.assert_allclose(thresholds, theirs.thr.detach().numpy()[0], atol=2e-6)
        changed = max(changed, float(np.abs(weights - before).max()))
    assert changed > 1e-3


def test_output_steps_equal_upstream() -> None:
    """With spike forcing weights follow upstream's step by step, for hits and misses."""
    blitnet = oracle.blitnet()
    import torch

    previous = layer_of_upstream(spike_forcing=False)
    theirs = oracle.blitnet().SNNLayer(
        dims=[NEURONS, 7], ip_rate=0.15, stdp_rate=0.005, p=[1.0, 1.0], spk_force=True
    )
    weights = theirs.w.weight.detach().numpy().copy()
    rates = previous.fire_rate.numpy()[0].copy()
    spikes = np.random.default_rng(2).random((STEPS, NEURONS)).astype(np.float32) * 0.9
    for step in range(STEPS):
        place = step % 7
        with torch.no_grad():
            shown = torch.from_numpy(spikes[step : step + 1])
            response = theirs.w(shown)
            output = blitnet.clamp_spikes(response, theirs)
            blitnet.calc_stdp(
                shown, output, response, theirs, torch.tensor([place]), prev_layer=previous
            )
        train_output_rows(
            weights,
            0,
            one_step(spikes[step : step + 1]),
            Targets(np.array([place]), spikes[step : step + 1] / rates),
        )
        np.testing.assert_allclose(weights, theirs.w.weight.detach().numpy(), atol=2e-6)


def small_layer(seed: int = 0) -> tuple[Array, Array, Array]:
    """Return weights with all three kinds of synapses, thresholds and target rates."""
    rng = np.random.default_rng(seed)
    weights = rng.normal(0, 0.05, (NEURONS, INPUTS)).astype(np.float32)
    weights[rng.random(weights.shape) < 0.3] = 0.0
    return (
        weights,
        rng.uniform(0, 0.5, NEURONS).astype(np.float32),
        np.linspace(0.2, 0.9, NEURONS).astype(np.float32),
    )


def run_features(
    weights: Array,
    thresholds: Array,
    rates: Array,
    eta: float,
    eta_ip: float,
    spikes: Array,
    upstream: bool = False,
) -> None:
    """Show all spikes once with constant learning rates."""
    steps = len(spikes)
    train_feature_rows(
        weights,
        thresholds,
        rates,
        Presentation(
            spikes,
            np.arange(steps),
            np.full(steps, eta, np.float32),
            np.full(steps, eta_ip, np.float32),
        ),
        upstream,
    )


def test_many_steps_equal_single_steps() -> None:
    """Going through all steps in one call, as training does, equals one call a step."""
    together, alone = small_layer(), small_layer()
    spikes = presented()
    run_features(*together, 0.005, 0.15, spikes)
    for step in range(STEPS):
        run_features(*alone, 0.005, 0.15, spikes[step : step + 1])
    for mine, other in zip(together, alone):
        np.testing.assert_allclose(mine, other, rtol=1e-5, atol=1e-6)


def test_signs_and_absence_are_kept() -> None:
    """No synapse changes its kind, however violent the learning, and limits hold."""
    weights, thresholds, rates = small_layer()
    signs = np.sign(weights)
    run_features(weights, thresholds, rates, 0.9, 0.15, np.tile(presented(), (20, 1)))
    present = signs != 0
    assert (np.sign(weights)[present & (weights != 0)] == signs[present & (weights != 0)]).all()
    assert (weights[~present] == 0).all()
    assert weights.max() <= 10
    assert np.isfinite(weights).all()


def test_thresholds_follow_their_target_rates() -> None:
    """With the paper's rule a neuron's mean spike approaches its target rate, upstream's falls."""
    spikes = np.tile(presented(), (40, 1))
    weights, thresholds, rates = small_layer()
    weights = np.abs(weights) + 0.1
    for upstream, expected in ((True, 0.0), (False, None)):
        moved = thresholds.copy()
        run_features(weights.copy(), moved, rates, 0.0, 0.02, spikes, upstream)
        if expected is not None:
            assert moved.max() == expected
        else:
            response = np.clip(presented() @ weights.T - moved, 0, 0.9)
            reachable = moved > 0
            assert reachable.sum() > NEURONS / 2
            np.testing.assert_allclose(response.mean(0)[reachable], rates[reachable], atol=0.1)


@pytest.mark.parametrize('threads', [1, 2])
def test_threads_do_not_matter(threads: int) -> None:
    """Rows are independent: any number of threads gives the same bits."""
    import numba

    if threads > numba.config.NUMBA_NUM_THREADS:
        pytest.skip(f'this machine has fewer than {threads} cores')
    results = []
    for count in (1, threads):
        numba.set_num_threads(count)
        layer = small_layer()
        run_features(*layer, 0.005, 0.15, presented())
        results.append(layer)
    numba.set_num_threads(numba.config.NUMBA_NUM_THREADS)
    for first, second in zip(*results):
        assert (first == second).all()
