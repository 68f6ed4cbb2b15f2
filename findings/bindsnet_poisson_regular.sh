#!/usr/bin/env bash
# bindsnet 0.3.4 (PyPI; torch 2.13.0): spike trains of the Poisson encoder are nearly as regular as a clock.
#
# Behaviour: poisson() draws the steps from one spike to the next from a Poisson distribution with the mean
# interval. Its deviation is the root of the mean, of 50 steps 7; intervals of a Poisson process are
# exponential, with a deviation of 50. Counts of spikes vary by a fortieth of what they should, no neuron
# is ever silent or fast by chance, and all that get the same brightness first spike at about the same time.
#
# Output seen (2000 neurons at 20 Hz, 1000 steps of 1 ms; torch.bernoulli with 0.02 a step for comparison):
#   bindsnet: spikes 18 to 22, mean 19.5, variance 0.5; intervals 49.9 +- 7.1; first spike 23 to 75
#   Bernoulli: spikes 7 to 35, mean 19.9, variance 20.0; intervals 47.8 +- 47.0; first spike 0 to 378
#
# Why one would guess otherwise: it "generates Poisson-distributed spike trains", "while maintaining ISI
# distributions", whose input is the rate in Hz, and mean rates are right. Networks are trained and measured
# with it for their robustness to such noise, of which there is hardly any; the simpler encoder bernoulli()
# of the same package has all of it. The random numbers are Poisson's, the spike trains are not.
# Without the dependencies, of which gymnasium and its games are large: the module of the encoders, which
# needs torch only, is taken alone.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q torch==2.13.0 numpy==2.4.6
env/bin/pip install -q --no-deps bindsnet==0.3.4

cat > look.py <<'PYTHON'
import importlib.util
from pathlib import Path

import torch

folder = Path(importlib.util.find_spec('bindsnet').origin).parent
spec = importlib.util.spec_from_file_location('encodings', folder / 'encoding' / 'encodings.py')
encodings = importlib.util.module_from_spec(spec)
spec.loader.exec_module(encodings)


def show(name, spikes):
    counts = spikes.sum(0).float()
    times = [train.nonzero().flatten() for train in spikes.T]
    intervals = torch.cat([part.diff() for part in times]).float()
    first = torch.stack([part[0] for part in times])
    print(
        f'{name}: spikes {counts.min():.0f} to {counts.max():.0f}, mean {counts.mean():.1f}, '
        f'variance {counts.var():.1f}; intervals {intervals.mean():.1f} +- {intervals.std():.1f}; '
        f'first spike {first.min()} to {first.max()}'
    )
    return counts.var().item()


torch.manual_seed(0)
rate = torch.full((2000,), 20.0)
found = show('bindsnet', encodings.poisson(rate, time=1000).to(torch.int64))
other = show('Bernoulli', torch.bernoulli(torch.full((1000, 2000), 0.02)).to(torch.int64))
assert found < 1 < 15 < other, 'the variance of the counts has changed'
PYTHON
env/bin/python look.py
