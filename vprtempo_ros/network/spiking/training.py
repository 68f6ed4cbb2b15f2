"""
Training the spiking network by gradient, with lava-dl's bootstrap.

Gradients through spikes are slow and coarse. Bootstrap training records the network as it spikes
(SAMPLE), fits to each layer the curve from mean input to mean rate of its neurons (FIT), and trains
with these curves as the activations of an ordinary network (ANN); it samples again every few
epochs. The last epochs run on spikes alone (SNN). After lava-dl's tutorial, https://lava-nc.org.

There are one or a few images of each place. From these, gradients alone learn what distinguishes
the places, not what remains when the season changes. So training starts from template matching:
hidden neurons with random weights, which the two channels of a pixel share with opposite signs, and
for each place the mean response to its images, less that to all. Each presentation is augmented:
noise of the size to be ignored, shifts, changes of contrast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...arrays import Floats, Indices, Integers, Spikes
from ...config import BootstrapConfig, TrainingConfig
from ...errors import ConfigError
from ...support.lava_shim import lava_dl_is_installed, prepare_lava_dl
from ...support.progress import ProgressCallback
from .augmentation import augment
from .network import (
    DECAY_UNITY,
    WEIGHT_UNIT,
    SpikingModule,
    SpikingNetwork,
    channels,
    check,
    spike_trains,
)

if TYPE_CHECKING:
    import torch
    from lava.lib.dl.bootstrap.routine import LayerMode

HINT = (
    'make lava on Python 3.11 (on others: env/bootstrap.py --with-torch --with-lava) installs '
    'it in the environment of a checkout'
)
# Threshold of hidden neurons, in lava-dl's units: large enough for the steps of 8-bit weights to be
# fine, small enough for sums in 24 bits.
_THRESHOLD = 128.0
_VOLTAGE_DECAY = 0.03
# Standard deviation of a hidden neuron's mean input, relative to the threshold.
_DRIVE = 0.3
# Largest initial weight of an output; 8 bits hold up to 4.
_OUTPUT_START = 2.0
# Sampling: iterations, and epochs from one to the next.
_SAMPLES, _PERIOD = 3, 10


def check_installed() -> None:
    """
    Refuse the method where it is not available.

    :raises ConfigError: if lava-dl is not installed.
    """
    if not lava_dl_is_installed():
        raise ConfigError(
            f'training.method: bootstrap needs lava-dl, which is not installed: {HINT}'
        )


class Trainer:
    """
    One module in training.

    :raises ConfigError: if lava-dl is not installed.
    """

    def __init__(
        self,
        spikes: Spikes,
        places: Indices,
        size: tuple[int, int],
        config: BootstrapConfig,
        seed: int,
        threads: int = 0,
    ) -> None:
        """Take uint8 spikes (samples, inputs) of places 0 to N-1; size: columns and rows."""
        check_installed()
        prepare_lava_dl()
        import torch
        from lava.lib.dl import bootstrap

        torch.manual_seed(seed)
        if threads:
            torch.set_num_threads(threads)
        # lava-dl's sampler drops samples at random, with NumPy's global generator.
        np.random.seed(seed % 2**32)  # noqa: NPY002
        self._torch, self._bootstrap = torch, bootstrap
        self._spikes, self._places, self._size, self._config = spikes, places, size, config
        inputs, count = spikes.shape[1], int(places.max()) + 1
        neuron = {
            'threshold': _THRESHOLD,
            'current_decay': 1,
            'voltage_decay': _VOLTAGE_DECAY,
            'tau_grad': _THRESHOLD,
            'scale_grad': 1,
        }
        self.blocks = torch.nn.ModuleList(
            [
                bootstrap.block.cuba.Dense(
                    dict(neuron), 2 * inputs, config.hidden, delay_shift=False
                ),
                bootstrap.block.cuba.Affine({**neuron, 'voltage_decay': 0}, config.hidden, count),
            ]
        )
        for block in self.blocks:
            _use_products(block.synapse)
        self._start()

    def run(self, name: str, progress: ProgressCallback) -> None:
        """Train for all epochs; the stage is called 'training ' + name."""
        torch, config = self._torch, self._config
        samples, places = len(self._spikes), int(self._places.max()) + 1
        batches = max(_SAMPLES + 2, -(-places // config.batch))
        optimiser = torch.optim.Adam(self.blocks.parameters(), lr=config.rate)
        decline = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, config.epochs * batches)
        scheduler = self._bootstrap.routine.Scheduler(
            num_sample_iter=_SAMPLES,
            sample_period=_PERIOD,
            crossover_epochs=[max(config.epochs - config.spiking_epochs, 1)],
        )
        for epoch in range(config.epochs):
            # As many samples as places; the other samples of a place are drawn in other epochs.
            order = torch.randperm(samples)[:places]
            for number, chosen in enumerate(torch.tensor_split(order, batches)):
                if len(chosen):
                    mode = scheduler.mode(epoch, number, True)
                    self._learn(chosen.numpy(), mode, optimiser)
                    decline.step()
            progress(f'training {name}', epoch + 1, config.epochs)

    def module(self) -> SpikingModule:
        """Return the weights as lava-dl exports them to HDF5."""
        import h5py

        with h5py.File.in_memory() as file:
            for number, block in enumerate(self.blocks):
                block.export_hdf5(file.create_group(f'layer/{number}'))
            hidden, output = (file[f'layer/{number}/weight'][()] for number in (0, 1))
        return SpikingModule(
            *(np.clip(np.rint(weights), -256, 254).astype(np.int16) for weights in (hidden, output))
        )

    def constants(self) -> tuple[int, int]:
        """Return threshold and decay of the hidden neurons in Loihi's units."""
        return round(_THRESHOLD * WEIGHT_UNIT), round(_VOLTAGE_DECAY * DECAY_UNITY)

    def similarity(self, spikes: Spikes, quantised: bool) -> Floats:
        """Return float32 (frames, places) as torch computes it, with float weights or 8 bits."""
        hooks = [block.synapse.pre_hook_fx for block in self.blocks]
        mode = self._bootstrap.routine.LayerMode(0, self._bootstrap.Mode.SNN)
        try:
            if not quantised:
                for block in self.blocks:
                    block.synapse.pre_hook_fx = None
            with self._torch.no_grad():
                return np.concatenate(
                    [
                        self._forward(self._trains(channels(rows)), mode).mean(-1).numpy()
                        for rows in np.array_split(spikes, max(1, len(spikes) // 50))
                    ]
                )
        finally:
            for block, hook in zip(self.blocks, hooks):
                block.synapse.pre_hook_fx = hook

    def _start(self) -> None:
        """Set the weights to those of template matching."""
        torch = self._torch
        hidden, output = (block.synapse.weight for block in self.blocks)
        shown = torch.from_numpy(channels(self._spikes).astype(np.float32) / 255)
        with torch.no_grad():
            half = torch.randn(hidden.shape[0], hidden.shape[1] // 2)
            drawn = torch.cat([half, -half], 1)
            drawn *= _DRIVE * _THRESHOLD / (shown @ drawn.T).std()
            hidden.copy_(drawn.reshape(hidden.shape))
            rates = (shown @ drawn.T / _THRESHOLD).clamp(0, 1)
            mean = torch.stack(
                [rates[self._places == place].mean(0) for place in range(output.shape[0])]
            )
            mean -= mean.mean(0)
            mean /= mean.norm(dim=1, keepdim=True)
            mean *= _OUTPUT_START / mean.abs().max()
            output.copy_(mean.reshape(output.shape))
            # Logits in which the right place leads by some units when training starts.
            self._gain = float(8.0 / (rates @ mean.T).std())

    def _learn(self, chosen: Indices, mode: LayerMode, optimiser: torch.optim.Optimizer) -> None:
        torch = self._torch
        values = channels(augment(self._spikes[chosen], self._size, self._config.noise))
        spiking = mode.base_mode == self._bootstrap.Mode.SAMPLE or mode.crossover > 0
        shown = (
            self._trains(values)
            if spiking
            else torch.from_numpy(values.astype(np.float32) / 255)[..., None]
        )
        logits = self._gain * self._forward(shown, mode).mean(-1)
        loss = torch.nn.functional.cross_entropy(logits, torch.from_numpy(self._places[chosen]))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    def _forward(self, shown: torch.Tensor, mode: LayerMode) -> torch.Tensor:
        for block, of_block in zip(self.blocks, mode):
            shown = block(shown, mode=of_block)
        return shown

    def _trains(self, values: Integers) -> torch.Tensor:
        trains = spike_trains(values, self._config.steps).astype(np.float32)
        return self._torch.from_numpy(np.ascontiguousarray(trains.swapaxes(1, 2)))


def train_spiking(
    spikes: Spikes,
    places: Indices,
    bounds: list[tuple[int, int]],
    size: tuple[int, int],
    config: TrainingConfig,
    progress: ProgressCallback,
) -> SpikingNetwork:
    """
    Train a module for each segment of the route.

    :param spikes: uint8 (samples, inputs); places: int64 (samples,).
    :param bounds: first place and the one past the last, of each module.
    :param size: columns and rows of the encoded image.
    :raises ConfigError: if lava-dl is not installed.
    """
    modules = []
    for number, (begin, end) in enumerate(bounds):
        mine = (places >= begin) & (places < end)
        trainer = Trainer(
            spikes[mine],
            places[mine] - begin,
            size,
            config.bootstrap,
            config.seed + number,
            config.threads,
        )
        trainer.run(f'module {number + 1}/{len(bounds)}', progress)
        modules.append(trainer.module())
    network = SpikingNetwork(modules, config.bootstrap.steps, *trainer.constants())
    check(network)
    return network


def _use_products(synapse: torch.nn.Module) -> None:
    """Make a synapse multiply matrices: lava-dl convolves in three dimensions, far slower."""

    def forward(shown: torch.Tensor) -> torch.Tensor:
        hook = synapse.pre_hook_fx
        weight = synapse.weight if hook is None else hook(synapse.weight)
        return weight.flatten(1) @ shown

    synapse.forward = forward
