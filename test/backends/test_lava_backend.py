"""Backend `lava` in simulation: the integers of backend `integer`, and no process left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from support import PATIENCE, TEST, quantised
from support.lava import create, expected, results
from support.neuromorphic import (
    assert_gone,
    assert_released,
    lava_processes,
    needs_lava,
    shared_memory,
)

from vprtempo_ros.backends.lava import worker_handle
from vprtempo_ros.config import EncodingConfig, TrainingConfig
from vprtempo_ros.encoding.pixels import PixelEncoder
from vprtempo_ros.errors import BackendError
from vprtempo_ros.network.quantised.network import QuantisedNetwork
from vprtempo_ros.network.training import train
from vprtempo_ros.sources.folder import FolderFrames
from vprtempo_ros.support.lava_shim import lava_dl_is_installed, lava_is_installed


def test_lava_is_here_in_ci() -> None:
    """What other machines skip is not skipped in CI."""
    if not os.environ.get('CI'):
        pytest.skip('not in CI')
    assert lava_is_installed()
    # Where PyTorch is, make lava brings these too.
    if find_spec('torch') is not None:
        assert lava_dl_is_installed()
        assert find_spec('sinabs') is not None
        assert find_spec('nir') is not None


@needs_lava
@pytest.mark.parametrize('readout', ['linear', 'clamped'])
@pytest.mark.parametrize('mode', ['one_at_a_time', 'streaming'])
@pytest.mark.parametrize(('engine', 'modules'), [('x86', 3), ('qnnpack', 1)])
def test_equal_to_integer(readout: str, mode: str, engine: str, modules: int) -> None:
    """Both readouts, both modes, several modules, activations of 7 and of 8 bits: the same bits."""
    network = quantised.trained(readout, engine, modules)
    shown = quantised.frames(60)
    backend = create(network, mode)
    assert (backend.name, backend.places) == ('lava', quantised.PLACES)
    found = results(backend, shown)
    backend.close()
    assert [a.dtype for a in found] == [np.float32] * 60
    assert np.array_equal(found, expected(network, shown))


@needs_lava
@pytest.mark.long
@pytest.mark.parametrize('readout', ['linear', 'clamped'])
def test_equal_to_integer_on_nordland(shared_data, readout: str) -> None:
    """
    No value of frames of a winter that was not learnt differs; two modules of 500 places.

    It is every fourth frame, 250,000 values, and one at a time, three steps each, every 25th.
    """
    folder = shared_data('nordland_64x32')
    names = str(folder / 'filtered_names.txt')
    encoder = PixelEncoder(EncodingConfig())
    learnt, shown = (
        np.stack(
            [
                encoder(frame.image)
                for frame, _ in zip(FolderFrames(folder / season, names), range(1000))
            ]
        )
        for season in ('summer', 'winter')
    )
    network = train(
        learnt,
        np.arange(1000),
        TrainingConfig(
            readout=readout, quantize='qat', epochs=1, places_per_module=500, keep_fp32=False
        ),
    )
    assert isinstance(network, QuantisedNetwork)
    assert [m.output.weights.shape for m in network.modules] == [(500, 1568)] * 2
    wanted = expected(network, shown)
    assert len(np.unique(wanted)) > 100
    for mode, step in (('streaming', 4), ('one_at_a_time', 25)):
        backend = create(network, mode)
        found = results(backend, shown[::step])
        differing = sum(int((a != b).sum()) for a, b in zip(found, wanted[::step], strict=True))
        backend.close()
        assert differing == 0


@needs_lava
def test_streaming_with_gaps_and_single_frames() -> None:
    """Steps without a frame shift no result, and single frames are possible at any time."""
    network = quantised.trained()
    shown = quantised.frames(12)
    wanted = expected(network, shown)
    backend = create(network, 'streaming')
    assert backend.delay == 2
    shows = [0, None, 1, 2, None, None, None, 3, 4, None, None, 5, None, None]
    found = [backend.step(None if number is None else shown[number]) for number in shows]
    for step, number in enumerate(shows[:-2]):
        if number is None:
            assert found[step + 2] is None
        else:
            assert (found[step + 2] == wanted[number]).all()
    backend.step(shown[6])
    assert (backend.similarity(shown[7]) == wanted[7]).all()
    assert backend.step(shown[8]) is None
    assert backend.step(None) is None
    assert (backend.step(None) == wanted[8]).all()
    assert np.array_equal(results(backend, shown), wanted)
    backend.close()


@needs_lava
def test_detail_says_what_a_chip_would_need() -> None:
    """The detail has chips, cores, neurons, synapses, and what is missing for a chip."""
    backend = create(quantised.trained())
    assert backend.detail.startswith('one at a time, simulated as on 1 Loihi 2 chip (6 of 128 ')
    assert backend.detail.endswith('; lava-loihi is not installed')
    backend.close()


@needs_lava
def test_close_ends_every_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing runs on, and nothing of the shared memory is left."""
    monkeypatch.setattr(worker_handle, 'STOP', PATIENCE)
    backend = create(quantised.trained())
    processes = lava_processes()
    memory = shared_memory(processes)
    backend.close()
    assert_gone(processes)
    assert_released(memory)
    assert backend._worker.status == 0
    with pytest.raises(BackendError, match='Lava has ended'):
        backend.similarity(quantised.SPIKES[0])


@needs_lava
@pytest.mark.parametrize('victim', ['worker', 'a process of Lava'])
def test_a_killed_process_is_noticed_and_takes_the_others_along(victim: str) -> None:
    """Whichever process dies first, an error says that Lava has ended, and none is left."""
    backend = create(quantised.trained())
    processes = lava_processes()
    (processes[0] if victim == 'worker' else processes[-1]).kill()
    if victim == 'worker':
        with pytest.raises(BackendError, match='Lava has ended'):
            backend.similarity(quantised.SPIKES[0])
        assert_gone(processes)
    backend.close()
    assert_gone(processes)


@needs_lava
def test_nothing_survives_a_killed_owner(tmp_path: Path) -> None:
    """The process that uses the backend is killed with SIGKILL: all of Lava goes with it."""
    script = tmp_path / 'owner.py'
    script.write_text(f"""
import sys, time
sys.path.insert(0, {str(TEST)!r})
from support import quantised
from vprtempo_ros import backends
from vprtempo_ros.config import BackendConfig
backend = backends.create(quantised.trained(), BackendConfig(name='lava'))
print('running', flush=True)
while True:
    backend.similarity(quantised.SPIKES[0])
""")
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == 'running\n'
        processes = lava_processes(owner.pid)
        memory = shared_memory(processes)
        owner.kill()
    assert_gone(processes)
    assert_released(memory)
