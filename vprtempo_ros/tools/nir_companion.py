"""
What a NIR graph cannot hold, as plain data next to it: FILE.json and FILE.safetensors.

The JSON has the encoding of the map, what the graph takes and gives, and the number of time steps;
the arrays are the statistics for standardisation and normalisation, and those that make spike
trains of amplitudes. The network of encoder descriptor is FILE.onnx. docs/nir.md has an example
that uses them.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from ..backends.spike_trains import RateCode
from ..config import SinabsConfig
from ..encoding.descriptor import DescriptorEncoder
from ..encoding.onnx_file import read_model
from ..maps.map import Map
from ..maps.tensors import Tensors, write_tensors
from ..network.spiking.network import phases
from ..options import to_tree
from .nir_chain import CHANNELS, DT, RATE, Chain


def write_companion(loaded: Map, chain: Chain, file: Path, config: SinabsConfig) -> list[Path]:
    """Write the data next to `file`; return what was written."""
    arrays: Tensors = {
        'response_mean': loaded.response_statistics.mean,
        'response_std': loaded.response_statistics.std,
    }
    if loaded.config.encoding.adapt:
        arrays['pixel_mean'] = loaded.pixel_statistics.mean
        arrays['pixel_std'] = loaded.pixel_statistics.std
    if chain.input == RATE:
        # An input spikes in a step if its amplitude, 0 to 255, is above the number drawn.
        arrays['drawn'] = RateCode(loaded.network.inputs, chain.steps, config.seed).drawn
    if chain.input == CHANNELS:
        arrays['phases'] = phases(chain.inputs)
    encoding, written = loaded.config.encoding, []
    if encoding.encoder == DescriptorEncoder.name:
        model = file.with_suffix('.onnx')
        model.write_bytes(read_model(encoding.descriptor.model))
        encoding = replace(encoding, descriptor=replace(encoding.descriptor, model=model.name))
        written.append(model)
    document = {
        'format': 'vprtempo_ros companion of a NIR graph, version 1',
        'graph': file.name,
        'map': loaded.provenance,
        'inputs': chain.inputs,
        'places': loaded.network.places,
        'input': chain.input,
        'steps': chain.steps,
        'step_seconds': DT,
        'similarity': 'mean of the output over the steps of a frame',
        'highest_similarity': chain.highest if chain.highest < float('inf') else None,
        'sensor': loaded.sensor._asdict(),
        'encoding': to_tree(encoding),
    }
    text, tensors = file.with_suffix('.json'), file.with_suffix('.safetensors')
    text.write_text(json.dumps(document, indent=2, ensure_ascii=False) + '\n', encoding='utf-8')
    write_tensors(tensors, arrays)
    return [text, tensors, *written]
