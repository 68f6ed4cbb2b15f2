"""The chip as target: chosen if lava-loihi is installed; a clear message if it is not."""

from __future__ import annotations

import numpy as np
import pytest
from support import TEST, quantised
from support.lava import create, expected, results
from support.neuromorphic import needs_lava, needs_lava_dl, processes_of_lava
from support.spiking import made

from vprtempo_ros.errors import BackendError
from vprtempo_ros.network.spiking.network import similarity

pytestmark = needs_lava
STAND_IN = TEST / 'support' / 'lava_loihi_stand_in'
# A layer's delay of one step, and two steps onto the chip, for each of two layers.
ON_CHIP = 2 * (1 + 2)


@pytest.fixture
def _lava_loihi(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have Lava find an extension for the chip, whose models are in Python."""
    monkeypatch.setenv('PYTHONPATH', str(STAND_IN))


def test_hardware_that_is_not_there_is_one_line() -> None:
    """The chip as configured target without lava-loihi: the error says what is missing."""
    with pytest.raises(BackendError, match='needs lava-loihi.*INRC.*target: simulation') as caught:
        create(quantised.trained(), target='loihi2')
    assert '\n' not in str(caught.value)
    assert not processes_of_lava()


@pytest.mark.usefixtures('_lava_loihi')
@pytest.mark.parametrize(('readout', 'modules'), [('linear', 3), ('clamped', 1)])
def test_the_chip_gives_the_same_integers(readout: str, modules: int) -> None:
    """Loihi2HwCfg, adapters, neurons that pass on sums, 24-bit signs; a longer delay is found."""
    network = quantised.trained(readout, modules=modules)
    shown = quantised.frames(20)
    backend = create(network, 'streaming')
    assert backend.delay == ON_CHIP
    assert backend.detail.startswith('streaming, on 1 Loihi 2 chip')
    assert backend.detail.endswith('synapses of 8 bits)')
    assert np.array_equal(results(backend, shown), expected(network, shown))
    backend.close()


@needs_lava_dl
@pytest.mark.usefixtures('_lava_loihi')
@pytest.mark.parametrize('mode', ['one_at_a_time', 'streaming'])
def test_spiking_networks_on_the_chip(mode: str) -> None:
    """Resets and reading wait for the spikes, which arrive later on the chip."""
    spiking = made()
    shown = np.random.default_rng(2).integers(0, 256, (6, 64)).astype(np.uint8)
    backend = create(spiking, mode, target='loihi2')
    assert np.array_equal(results(backend, shown), similarity(spiking, shown))
    backend.close()


@pytest.mark.usefixtures('_lava_loihi')
def test_the_simulation_can_be_chosen_on_a_machine_with_a_chip() -> None:
    """backend.lava.target: simulation leaves the chip alone."""
    backend = create(quantised.trained(), 'streaming', target='simulation')
    assert backend.delay == 2
    assert 'simulated as on 1 Loihi 2 chip' in backend.detail
    assert 'lava-loihi' not in backend.detail
    backend.close()


@pytest.mark.usefixtures('_lava_loihi')
@pytest.mark.parametrize('host', ['slurm', 'slurm:nowhere', 'nowhere.invalid'])
def test_a_host_that_cannot_be_reached_is_named(host: str) -> None:
    """One line, with the setting."""
    with pytest.raises(BackendError, match=f"backend.lava.host: '{host}' cannot be used"):
        create(quantised.trained(), host=host)
    assert not processes_of_lava()
