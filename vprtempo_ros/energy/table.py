"""The energy breakdown as text: two tables, and operations frame by frame as CSV."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from ..arrays import Integers
from ..config import EnergyConfig
from ..evaluation.recall import ranked, recall_at
from ..evaluation.truth import GroundTruth
from ..events.packet import Size
from ..network.network import Network
from .breakdown import EngineEnergy, encoder_energy, part_energy
from .encoding import COLOUR, Part
from .operations import LAYERS, OperationCount, layer_shapes


def operations_table(network: Network, counts: list[OperationCount]) -> str:
    """Return neurons, weights, and mean spikes and operations per frame, by layer."""
    lines = [f'{"":<26}' + ''.join(f'{name:>22}' for name in LAYERS) + f'{"sum":>16}']
    shapes = layer_shapes(network)
    neurons = [sum(count for count, _ in layer) for layer in shapes]
    weights = [sum(count * inputs for count, inputs in layer) for layer in shapes]
    for name, (first, second) in (('neurons', neurons), ('weights', weights)):
        lines.append(f'{name:<26}{first:>22,}{second:>22,}{first + second:>16,}')
    for count in counts:
        rows = [(f'{count.name}: operations', count.operations)]
        if count.name in ('graded', 'rate'):
            rows.insert(0, (f'{count.name}: spikes sent', count.spikes))
        for name, values in rows:
            first, second = values.mean(axis=0)
            lines.append(f'{name:<26}{first:>22,.0f}{second:>22,.0f}{first + second:>16,.0f}')
    return '\n'.join(lines)


def energy_table(items: list[EngineEnergy], truth: GroundTruth | None) -> str:
    """Return energy by engine, with recall@1 where the ground truth is known."""
    lines = [
        f'{"":<22}{"pJ an operation":>16}{"synapses, uJ":>14}{"neurons, uJ":>13}'
        f'{"uJ a frame":>12}{"with encoder":>14}{"recall@1":>10}'
    ]
    for item in items:
        recall = f'{recall_of(item.counted, truth):.3f}' if truth is not None else '-'
        lines.append(
            f'{item.engine:<22}{item.pj:>16g}{sum(item.layers):>14.3g}'
            f'{item.updates:>13.3g}{item.total:>12.3g}{item.with_encoder:>14.3g}{recall:>10}'
        )
    return '\n'.join(lines)


def encoder_table(
    name: str, parts: list[Part], size: Size, events: bool, constants: EnergyConfig
) -> str:
    """Return the operations and energy of an encoder, by step."""
    width, height = size
    kind = 'counts of events' if events else 'grey'
    head = f'encoder {name}, {width}x{height} pixels, {kind}'
    lines = [f'{head:<44}{"float32":>14}{"8-bit":>12}{"uJ a frame":>12}']
    for part in parts:
        energy = part_energy(part, constants)
        lines.append(f'  {part.name:<42}{part.floats:>14,}{part.integers:>12,}{energy:>12.3g}')
    floats = sum(part.floats for part in parts)
    integers = sum(part.integers for part in parts)
    lines.append(
        f'  {"sum":<42}{floats:>14,}{integers:>12,}{encoder_energy(parts, constants):>12.3g}'
    )
    if not events:
        colour = Part('', 0, COLOUR * width * height)
        lines.append(
            f'  {"more if images have three colours":<42}{0:>14}{colour.integers:>12,}'
            f'{part_energy(colour, constants):>12.3g}'
        )
    return '\n'.join(lines)


def recall_of(count: OperationCount, truth: GroundTruth) -> float:
    """Return recall@1 of the counted frames."""
    return recall_at(truth, ranked(count.similarity, 1), 1)


def write_frames(counts: list[OperationCount], stamps: Integers, file: Path) -> None:
    """Write spikes and operations of each frame by layer; the header names the columns."""
    heads = [
        f'{count.name} {what} {layer}'
        for count in counts
        for what in ('spikes', 'operations')
        for layer in LAYERS
    ]
    columns = np.hstack([np.hstack([count.spikes, count.operations]) for count in counts])
    with open(file, 'w', newline='', encoding='utf-8') as out:
        writer = csv.writer(out)
        writer.writerow(['stamp_ns', *heads])
        for stamp, row in zip(stamps.tolist(), columns.astype(np.int64).tolist()):
            writer.writerow([stamp, *row])
