"""vpr_node with a quantised map: the integers answer, and what cannot be run is one line."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import ros
from support.ros import Client

from vprtempo_ros.maps.store import load
from vprtempo_ros.network.quantised.network import QuantisedNetwork


@pytest.mark.parametrize('name', ["''", 'integer', 'torch_int8'])
def test_integers_answer_over_dds(street, quantised_map: Path, tmp_path: Path, name: str) -> None:
    """Reference frames are recognised by either backend, and by the one chosen by itself."""
    if name == 'torch_int8':
        pytest.importorskip('torch')
    with (
        ros.node(
            tmp_path,
            'vpr_node',
            parameters={'map': quantised_map, 'backend.name': name, **ros.SINGLE},
        ) as process,
        Client() as client,
    ):
        client.await_listener()
        client.assert_recognised(street.places())
        if name == "''":
            assert 'the map holds integers' in process.output()


def test_a_quarter_of_the_size(street, quantised_map: Path) -> None:
    """The integers take a quarter of the floats, but for their scales."""
    network = load(quantised_map).network
    assert isinstance(network, QuantisedNetwork)
    weights = sum(
        layer.weights.size
        for module in network.modules
        for layer in (module.feature, module.output)
    )
    size = (quantised_map / 'network.safetensors').stat().st_size
    assert size / (4 * weights) == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize(
    ('parameters', 'words'),
    [
        ({'backend.name': 'integer'}, "backend 'integer' needs integers"),
        ({'backend.name': 'torch_int8'}, "backend 'torch_int8' needs integers"),
    ],
)
def test_a_map_of_floats_is_refused(
    street, tmp_path: Path, parameters: dict[str, str], words: str
) -> None:
    """Asked for integers that the map has not, the node says so and how to get them."""
    if parameters['backend.name'] == 'torch_int8':
        pytest.importorskip('torch')
    with (
        ros.node(tmp_path, 'vpr_node', parameters={'map': street.map, **parameters}) as process,
        Client() as client,
    ):
        process.wait_for(words)
        assert 'training.quantize: qat' in process.output()
        assert client.state() == ros.UNCONFIGURED
        assert 'Traceback' not in process.output()


def test_floats_that_the_map_has_not(quantised_map: Path, tmp_path: Path) -> None:
    """A map of integers alone refuses the backends of floats."""
    with ros.node(
        tmp_path, 'vpr_node', parameters={'map': quantised_map, 'backend.name': 'numpy'}
    ) as process:
        process.wait_for('this map holds integers only')
        assert 'Traceback' not in process.output()
