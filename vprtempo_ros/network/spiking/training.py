"""
Training the spiking network by gradient, with lava-dl's bootstrap.

Gradients through spikes are slow and coarse. Bootstrap training looks at the network as it spikes
(SAMPLE), fits to each layer the curve from mean input to mean rate that its neurons show (FIT),
trains with these curves as if they were the activations of an ordinary network (ANN), and comes
back to look again every some epochs. In the end the network runs on spikes alone (SNN). After
lava-dl's tutorial, https://lava-nc.org.

There is one image of each place, or a few. What a network learns from them by gradient alone is
what tells them apart, not what stays when the season changes, so it starts from what matching of
templates would do: hidden neurons with random weights, which the two channels of a pixel share with
opposite signs, and for each place the mean response to its images, less that to all. Noise of the
size that is to be ignored, shifts and changes of contrast are added to every presentation.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...config import BootstrapConfig
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

HINT = (
    'make lava on Python 3.11 (elsewhere env/bootstrap.py --with-torch --with-lava) installs '
    'it in the environment of a checkout'
)
# Threshold of hidden neurons, in lava-dl's units: large enough for weights of 8 bits to be fine
# beside it, small enough for sums in 24 bits.
_THRESHOLD = 128.0
_VOLTAGE_DECAY = 0.03
# Mean input of a hidden neuron over its deviation from it, relative to the threshold.
_DRIVE = 0.3
# Largest weight that an output starts with, of 4 that 8 bits hold.
_OUTPUT_START = 2.0
# Sampling: iterations, and epochs from one to the next. The epochs at the end in which the hidden
# layer spikes while the outputs learn.
_SAMPLES, _PERIOD = 3, 10


def check_installed() -> None:
    """
    Refuse the method where it cannot be had.

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
        spikes: NDArray[np.uint8],
        places: NDArray[np.int64],
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
        # lava-dl's sampler forgets at random, with NumPy's global generator.
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
            _use_products(torch, block.synapse)
        self._start()

    def run(self, name: str, progress: ProgressCallback) -> None:
        """Train for all epochs."""
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
            # As many samples as there are places; of those that show a place differently others
            # have their turn in other epochs.
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
        """Return threshold and decay of the hidden neurons as Loihi has them."""
        return round(_THRESHOLD * WEIGHT_UNIT), round(_VOLTAGE_DECAY * DECAY_UNITY)

    def similarity(self, spikes: NDArray[np.uint8], quantised: bool) -> NDArray[np.float32]:
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
        """Set the weights that match templates."""
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
            # Logits in which the right place stands out by some units when training starts.
            self._gain = float(8.0 / (rates @ mean.T).std())

    def _learn(self, chosen: NDArray[np.int64], mode: Any, optimiser: Any) -> None:
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

    def _forward(self, shown: Any, mode: Any) -> Any:
        for block, of_block in zip(self.blocks, mode):
            shown = block(shown, mode=of_block)
        return shown

    def _trains(self, values: NDArray[np.int64]) -> Any:
        trains = spike_trains(values, self._config.steps).astype(np.float32)
        return self._torch.from_numpy(np.ascontiguousarray(trains.swapaxes(1, 2)))


def train_spiking(
    spikes: NDArray[np.uint8],
    places: NDArray[np.int64],
    bounds: list[tuple[int, int]],
    size: tuple[int, int],
    config: BootstrapConfig,
    seed: int,
    threads: int,
    progress: ProgressCallback,
) -> SpikingNetwork:
    """
    Train a module for each stretch of places.

    :param spikes: uint8 (samples, inputs); places: int64 (samples,).
    :param bounds: first place and the one past the last, of each module.
    :param size: columns and rows of the encoded image.
    :raises ConfigError: if lava-dl is not installed.
    """
    modules = []
    for number, (begin, end) in enumerate(bounds):
        mine = (places >= begin) & (places < end)
        trainer = Trainer(spikes[mine], places[mine] - begin, size, config, seed + number, threads)
        trainer.run(f'module {number + 1}/{len(bounds)}', progress)
        modules.append(trainer.module())
    network = SpikingNetwork(modules, config.steps, *trainer.constants())
    check(network)
    return network


def _use_products(torch: Any, synapse: Any) -> None:
    """Let a synapse multiply matrices: lava-dl convolves in three dimensions, far slower."""

    def forward(shown: Any) -> Any:
        hook = synapse.pre_hook_fx
        weight = synapse.weight if hook is None else hook(synapse.weight)
        return torch.matmul(weight.flatten(1), shown)

    synapse.forward = forward
