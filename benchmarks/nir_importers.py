"""
Run NIR files in another tool: `python nir_importers.py TOOL FILE INPUTS OUTPUTS ...`.

Each three are of one network. `make nir-peers` runs this in an environment of the tool, so it
imports nothing of this package. INPUTS is float32 (frames, steps, inputs), OUTPUTS the mean over
the steps, float32 (frames, outputs), both .npy. Every tool is called as its documentation does; all
are given the time step that the file was written for, where they have one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import Any

import numpy as np

# Seconds, as `to_nir` writes it into time constants.
DT = 1e-4

Step = Callable[[Any, Any], tuple[Any, Any]]


def sinabs(graph: Any, steps: int) -> Step:
    """Layers hold their state: all steps of a frame are one batch."""
    from sinabs.nir import from_nir

    network = from_nir(graph, num_timesteps=steps)

    def run(frame: Any, state: Any) -> tuple[Any, Any]:
        for module in network.modules():
            if hasattr(module, 'reset_states'):
                module.reset_states()
        found = network(frame)
        return (found[0] if isinstance(found, tuple) else found), None

    return run


def norse(graph: Any, steps: int) -> Step:
    """One call for each step, with the state of the last."""
    from norse.torch import from_nir

    return _stepped(from_nir(graph, dt=DT))


def snntorch(graph: Any, steps: int) -> Step:
    """The same; its importer assumes a time step of 0.1 ms."""
    from snntorch.import_nir import import_from_nir

    return _stepped(import_from_nir(graph))


def spikingjelly(graph: Any, steps: int) -> Step:
    """The same."""
    from spikingjelly.activation_based.nir_exchange import import_from_nir

    return _stepped(import_from_nir(graph, dt=DT))


def nirtorch(graph: Any, steps: int) -> Step:
    """The default map of nirtorch, which knows no neurons."""
    from nirtorch import nir_to_torch

    return _stepped(nir_to_torch(graph, {}))


def rockpool(graph: Any, steps: int) -> Step:
    """All steps in one call: (batch, steps, channels)."""
    from rockpool.nn.modules.torch.nir import from_nir

    network = from_nir(graph)

    def run(frame: Any, state: Any) -> tuple[Any, Any]:
        found = network(frame[None])
        return (found[0] if isinstance(found, tuple) else found)[0], None

    return run


def lava_dl(graph: Any, steps: int) -> Step:
    """lava-dl 0.6.0 reads HDF5 of its own (netx)."""
    from importlib.metadata import files

    sources = [file for file in files('lava-dl') or [] if file.suffix == '.py']
    if not any('import nir' in file.read_text(encoding='utf-8') for file in sources):
        raise NotImplementedError('has no importer of NIR')
    raise NotImplementedError('has an importer of NIR that is not used here')


TOOLS: dict[str, Callable[[Any, int], Step]] = {
    'sinabs': sinabs,
    'norse': norse,
    'snntorch': snntorch,
    'rockpool': rockpool,
    'spikingjelly': spikingjelly,
    'nirtorch': nirtorch,
    'lava-dl': lava_dl,
}


def _stepped(network: Any) -> Step:
    import torch

    def run(frame: Any, state: Any) -> tuple[Any, Any]:
        for module in network.modules():
            # Of snntorch, whose layers hold their state.
            if hasattr(module, 'reset_mem'):
                module.reset_mem()
        outputs = []
        for step in frame:
            found = network(step[None], state)
            found, state = found if isinstance(found, tuple) else (found, None)
            outputs.append(found[0])
        return torch.stack(outputs), state

    return run


def main() -> int:
    """Run the command."""
    tool, *names = sys.argv[1:]
    import nir
    import torch

    torch.set_num_threads(1)
    for file, inputs, outputs in zip(names[::3], names[1::3], names[2::3], strict=True):
        frames = torch.from_numpy(np.load(inputs))
        # Some importers print for each node.
        with redirect_stdout(sys.stderr):
            run = TOOLS[tool](nir.read(file), frames.shape[1])
        with torch.no_grad():
            found = [run(frame, None)[0].mean(0).detach().numpy() for frame in frames]
        np.save(outputs, np.stack(found).astype(np.float32))
    return 0


if __name__ == '__main__':
    sys.exit(main())
