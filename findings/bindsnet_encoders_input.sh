#!/usr/bin/env bash
# bindsnet 0.3.4 (PyPI; torch 2.13.0): an encoder changes the image it gets, and drops its faintest pixel.
#
# Behaviour: bernoulli() and rank_order() divide by the maximum in place, in the memory of the caller's
# tensor: after the call, an image of 0 to 255 is one of 0 to 1. The next encoder that is given the image,
# such as poisson(), which takes brightness for Hz, is silent. rank_order() gives the time 1 / brightness,
# scaled so that the faintest pixel spikes at the end of the window, where it is cut off: it never spikes,
# and the others are the closer together the fainter it is. single() puts all spikes into the first step.
#
# Output seen (100 steps; an image of the brightness 64 128 255):
#   after bernoulli: 0.2510 0.5020 1.0000
#   spikes of poisson in 10 s: at least 600 a pixel before that, at most 20 after
#   rank_order of 64 128 255: first spikes - 49 25
#   rank_order of 1 64 128 255: first spikes - 1 0 0
#   single of 0.1 0.2 0.8 0.9: first spikes - - 0 0
#
# Why one would guess otherwise: nothing is said of the input, and functions of torch that work in place end
# in an underscore. Of rank_order it is said that there is "one spike per neuron, temporally ordered by
# decreasing intensity", of single that a "spike occurs earlier if the intensity of the input feature is
# higher". An image that is shown twice, or in two codes to be compared, is another one the second time.
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


def first(spikes):
    return ' '.join(str(int(train.argmax())) if train.any() else '-' for train in spikes.T)


torch.manual_seed(0)
image = torch.tensor([64.0, 128.0, 255.0])
before = encodings.poisson(image, time=10_000).sum(0)
encodings.bernoulli(image, time=100)
print('after bernoulli:', ' '.join(f'{value:.4f}' for value in image))
after = encodings.poisson(image, time=10_000).sum(0)
assert before.min() >= 600 and after.max() <= 20, (before, after)
print('spikes of poisson in 10 s: at least 600 a pixel before that, at most 20 after')
spikes = encodings.rank_order(torch.tensor([64.0, 128.0, 255.0]), time=100)
print('rank_order of 64 128 255: first spikes', first(spikes))
spikes = encodings.rank_order(torch.tensor([1.0, 64.0, 128.0, 255.0]), time=100)
print('rank_order of 1 64 128 255: first spikes', first(spikes))
spikes = encodings.single(torch.tensor([0.1, 0.2, 0.8, 0.9]), time=100)
print('single of 0.1 0.2 0.8 0.9: first spikes', first(spikes))
PYTHON

cat > expected <<'TEXT'
after bernoulli: 0.2510 0.5020 1.0000
spikes of poisson in 10 s: at least 600 a pixel before that, at most 20 after
rank_order of 64 128 255: first spikes - 49 25
rank_order of 1 64 128 255: first spikes - 1 0 0
single of 0.1 0.2 0.8 0.9: first spikes - - 0 0
TEXT
env/bin/python look.py 2> said | tee found
diff expected found
