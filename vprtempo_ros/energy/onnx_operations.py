"""Multiply-accumulates of a neural network in an ONNX file, from a profile of onnxruntime."""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..encoding.descriptor import DescriptorEncoder
from ..encoding.onnx_file import read_model
from ..errors import ConfigError

# With products too, whose number does not follow from the shapes in a profile.
_UNKNOWN = frozenset(
    {
        *('ConvTranspose', 'ConvInteger', 'QLinearConv', 'DeformConv', 'DFT', 'Einsum'),
        *('MatMulInteger', 'MatMulNBits', 'QLinearMatMul', 'QGemm', 'LSTM', 'GRU', 'RNN'),
        *('Attention', 'MultiHeadAttention', 'GroupQueryAttention', 'QAttention'),
    }
)


def products_of(model: str, encoder: DescriptorEncoder) -> int:
    """
    Return the multiply-accumulates for one image: convolutions and matrix products.

    onnxruntime runs the network once, as it is in the file, and writes the shapes at each node.
    Activations, additions and pooling are some hundredths of that and not counted.

    :raises ConfigError: naming other nodes with products, whose number is not known.
    """
    import onnxruntime

    with tempfile.TemporaryDirectory() as folder:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        # Fused nodes have other names and weights in blocks.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.enable_profiling = True
        options.profile_file_prefix = str(Path(folder) / 'profile')
        session = onnxruntime.InferenceSession(
            read_model(model), options, providers=['CPUExecutionProvider']
        )
        session.run(None, {session.get_inputs()[0].name: encoder.blank()})
        text = Path(session.end_profiling()).read_text(encoding='utf-8')
    return sum(_products(text))


def _products(text: str) -> Iterator[int]:
    """Yield the multiply-accumulates of each node in a profile."""
    for event in json.loads(text):
        about = event.get('args', {})
        if not event['name'].endswith('_kernel_time'):
            continue
        taken, given = (
            [_shape(each) for each in about.get(f'{way}_type_shape', [])]
            for way in ('input', 'output')
        )
        operator = about.get('op_name')
        if operator in _UNKNOWN:
            raise ConfigError(
                f'the operations of {operator} nodes, which the network of the descriptor has, are '
                'not known: export it with convolutions and matrix products of floats'
            )
        if operator == 'Conv':
            # Weights are (outputs, inputs of a group, rows, columns).
            yield math.prod(given[0]) * math.prod(taken[1][1:])
        # Weights of matrix products are not listed: they were packed when the session started.
        elif operator == 'MatMul':
            yield math.prod(given[0]) * taken[0][-1]
        elif operator == 'Gemm':
            # Its first operand may be transposed.
            yield math.prod(given[0]) * (math.prod(taken[0]) // given[0][0])


def _shape(entry: dict[str, Any]) -> list[int]:
    """Return the shape in an entry such as {'float': [1, 3, 224, 224]}."""
    return [int(size) for size in next(iter(entry.values()))]
