"""integer_walk: plot each step of one image through the integers of a quantised map."""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Sequence

import numpy as np
from numpy.typing import NDArray

from ..arrays import Integers, Spikes
from ..backends.integer import input_table, integers_of
from ..errors import MapError
from ..frames import Image
from ..maps.map import Map
from ..maps.store import load
from ..network.quantised.network import OUTPUT_MAX, QuantisedLayer, limits, multipliers
from ..sources.folder import read_image
from ..support.figures import new_figure, png
from .command import guarded

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class LayerWalk:
    """
    The steps of a layer, all int64 (neurons,).

    excitatory, inhibitory: sums over positive and over negative weights; the same rescaled, each
    rounded separately, for the plots only; response: combined, rescaled, clipped.
    """

    excitatory: Integers
    inhibitory: Integers
    excitatory_rescaled: Integers
    inhibitory_rescaled: Integers
    response: Integers


@dataclass(frozen=True)
class Walk:
    """The steps of one frame in one module: spikes, integer inputs, both layers."""

    spikes: Spikes
    inputs: Integers
    feature: LayerWalk
    output: LayerWalk

    @property
    def winner(self) -> int:
        """The neuron with the highest response."""
        return int(self.output.response.argmax())


def walk(loaded: Map, image: Image, module: int = 0) -> Walk:
    """
    Compute a module's response in int64 and return every step.

    :raises VprError: if the map has no integers or no such module.
    """
    network = integers_of(loaded.network, 'integer')
    if not 0 <= module < len(network.modules):
        raise MapError(f'expected a module from 0 to {len(network.modules) - 1}, found {module}')
    chosen, readout = network.modules[module], network.readout
    spikes = loaded.encoder(image)
    inputs = input_table(network)[spikes].astype(np.int64)
    feature = _layer(chosen.feature, inputs, network.scale, network.activation_max, readout)
    output = _layer(
        chosen.output,
        feature.response - chosen.feature.zero_point,
        chosen.feature.scale,
        OUTPUT_MAX,
        readout,
    )
    return Walk(spikes, inputs + network.zero_point, feature, output)


def _layer(
    layer: QuantisedLayer, inputs: Integers, scale: np.float32, highest: int, readout: str
) -> LayerWalk:
    weights, factors = layer.weights.astype(np.int64), multipliers(layer, scale)

    def rescaled(sums: Integers) -> Integers:
        return np.rint(sums.astype(np.float32) * factors).astype(np.int64)

    excitatory, inhibitory = np.maximum(weights, 0) @ inputs, np.minimum(weights, 0) @ inputs
    response = rescaled(excitatory + inhibitory) + layer.zero_point
    return LayerWalk(
        excitatory,
        inhibitory,
        rescaled(excitatory),
        rescaled(inhibitory),
        np.clip(response, *limits(layer, highest, readout)),
    )


def _nearly_square(count: int) -> int:
    """Return the least divisor of a number that is not below its square root."""
    return next(
        width for width in range(math.isqrt(count - 1) + 1, count + 1) if count % width == 0
    )


def draw(walked: Walk, image: Image, size: tuple[int, int], folder: Path) -> list[Path]:
    """
    Write the plots and return their files; size is width and height of the encoded image.

    :raises VprError: if matplotlib is not installed.
    """
    files = []

    def figure(columns: int, height: float = 2.4) -> tuple[Figure, NDArray[np.object_]]:
        made = new_figure(7.2, height, 100)
        return made, np.atleast_1d(made.subplots(1, columns))

    def save(made: Figure, name: str) -> None:
        files.append(folder / f'integers_{name}.png')
        files[-1].write_bytes(png(made))

    folder.mkdir(parents=True, exist_ok=True)
    made, axes = figure(3)
    count = len(walked.spikes)
    # Encoder pixels has a spike for each pixel; those of others fill a rectangle, nearly square.
    width = size[0] if size[0] * size[1] == count else _nearly_square(count)
    shape = (-1, width)
    for ax, pixels, title in zip(
        axes,
        (image.shown(), walked.spikes.reshape(shape), walked.inputs.reshape(shape)),
        ('image', 'spikes, 0 to 255', 'integer inputs'),
    ):
        shown = ax.imshow(pixels, cmap='gray' if title == 'image' else 'viridis')
        ax.set(title=title, xticks=[], yticks=[])
        if title != 'image':
            made.colorbar(shown, ax=ax, shrink=0.8)
    save(made, '1_spikes')
    for number, (name, layer) in enumerate(
        (('feature', walked.feature), ('output', walked.output)), 2
    ):
        made, axes = figure(3)
        for ax, lines, title in zip(
            axes,
            (
                ((layer.excitatory, 'excitatory'), (layer.inhibitory, 'inhibitory')),
                (
                    (layer.excitatory_rescaled, 'excitatory'),
                    (layer.inhibitory_rescaled, 'inhibitory'),
                ),
                ((layer.response, ''),),
            ),
            (f'{name} layer: sums', 'rescaled', 'combined, clipped'),
        ):
            for (values, label), colour in zip(lines, ('tab:red', 'tab:blue')):
                ax.plot(values, linewidth=0.4, label=label, color=colour if label else 'tab:purple')
            ax.set(title=title, xlabel='neuron')
        if name == 'output':
            axes[2].plot(
                walked.winner,
                layer.response[walked.winner],
                'o',
                color='tab:green',
                label=f'winner: {walked.winner}',
            )
            axes[2].legend(fontsize='small')
        axes[0].legend(fontsize='small')
        save(made, f'{number}_{name}')
    return files


def main(args: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog='integer_walk', description=__doc__)
    parser.add_argument('map', type=Path, help='folder of a map with integers')
    parser.add_argument('image', type=Path, help='image file to recognise')
    parser.add_argument('--module', type=int, default=0, help='module (default: %(default)s)')
    parser.add_argument(
        '--out',
        type=Path,
        default=Path('build/integers'),
        help='folder for the plots (default: %(default)s)',
    )
    given = parser.parse_args(args)

    def work() -> None:
        loaded = load(given.map)
        image = read_image(given.image)[0]
        walked = walk(loaded, image, given.module)
        encoding = loaded.config.encoding
        for file in draw(walked, image, (encoding.width, encoding.height), given.out):
            print(file)
        _print(walked)

    return guarded(work)


def _print(walked: Walk) -> None:
    """Print the ranges of the plots and the winner."""
    print(
        f'spikes       {walked.spikes.min()} to {walked.spikes.max()}, as integers '
        f'{walked.inputs.min()} to {walked.inputs.max()}'
    )
    for name, layer in (('feature', walked.feature), ('output', walked.output)):
        for part in (
            'excitatory',
            'inhibitory',
            'excitatory_rescaled',
            'inhibitory_rescaled',
            'response',
        ):
            values = getattr(layer, part)
            print(f'{name:<12} {part.replace("_", ", "):<22} {values.min()} to {values.max()}')
    response = walked.output.response
    second = int(np.partition(response, -2)[-2])
    print(
        f'winner       neuron {walked.winner} with {response[walked.winner]}, the next has {second}'
    )


if __name__ == '__main__':
    sys.exit(main())
