"""vpr_node with a network that another tool trained and wrote as NIR."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
from support import ros
from support.nir_peers import python_with
from support.ros import Client

from vprtempo_ros.backends.spike_trains import RateCode
from vprtempo_ros.maps.store import load
from vprtempo_ros.tools import from_nir

# Random spiking features, and a readout that is fitted to their mean for each place.
TRAIN = """
import nir, numpy as np, snntorch, torch
from snntorch.export_nir import export_to_nir
torch.manual_seed(0)
trains = torch.from_numpy(np.load('trains.npy')).float()
places, steps, inputs = trains.shape
hidden = torch.nn.Linear(inputs, 300, bias=False)
torch.nn.init.normal_(hidden.weight, std=4 / inputs**0.5)
neurons = snntorch.Leaky(beta=torch.full((300,), 0.9), threshold=torch.full((300,), 1.0),
                         reset_mechanism='zero', init_hidden=True, reset_delay=False)
with torch.no_grad():
    neurons.reset_mem()
    rates = torch.stack([neurons(hidden(trains[:, step])) for step in range(steps)]).mean(0)
    readout = torch.nn.Linear(300, places)
    readout.bias.zero_()
    readout.weight.copy_((torch.linalg.pinv(rates) @ torch.eye(places)).T)
layers = torch.nn.Sequential(hidden, neurons, readout)
nir.write('trained.nir', export_to_nir(layers, torch.zeros(1, inputs), ignore_dims=[0]))
"""


def test_a_network_of_snntorch_answers_over_dds(
    street, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """From the spikes of a map to a file, a map with that network, and matches of the node."""
    pytest.importorskip('h5py', reason='needs h5py: make lava')
    python = python_with('snntorch')
    shown = load(street.map).shown()
    code = RateCode(shown.shape[1], from_nir.STEPS, 0)
    np.save(tmp_path / 'trains.npy', np.stack([code(frame) for frame in shown]).astype(bool))
    done = subprocess.run([python, '-c', TRAIN], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    out = tmp_path / 'map'
    assert from_nir.main([f'{tmp_path}/trained.nir', str(street.map), '--out', str(out)]) == 0
    count = len(shown)
    assert f'{count} of {count} places are recognised' in capsys.readouterr().out
    with (
        ros.node(tmp_path, 'vpr_node', parameters={'map': out, **ros.SINGLE}) as process,
        Client() as client,
    ):
        client.await_listener()
        client.assert_recognised(street.places())
        process.wait_for(r'backend nir \(the map holds a network from a NIR file\)')
