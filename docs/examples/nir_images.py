"""Recognise images with sinabs: python nir_images.py office.nir IMAGE..."""

import json
import sys
from pathlib import Path

import cv2
import nir
import torch
from safetensors.numpy import load_file
from sinabs import reset_states
from sinabs.nir import from_nir

from vprtempo_ros.config import EncodingConfig, TrainerConfig
from vprtempo_ros.encoding.adaptation import Adaptation
from vprtempo_ros.encoding.encoder import encoder_for
from vprtempo_ros.frames import grey_image
from vprtempo_ros.options import from_tree
from vprtempo_ros.statistics import Statistics

file = Path(sys.argv[1])
about = json.loads(file.with_suffix('.json').read_text(encoding='utf-8'))
about['encoding']['descriptor']['model'] = str(file.with_suffix('.onnx'))
arrays = load_file(file.with_suffix('.safetensors'))
config = TrainerConfig(encoding=from_tree(EncodingConfig, about['encoding']))
encoder = encoder_for(config)
adapt = Adaptation(Statistics(arrays['pixel_mean'], arrays['pixel_std']))
network = from_nir(nir.read(file), num_timesteps=about['steps'])
for name in sys.argv[2:]:
    spikes = adapt(encoder(grey_image(cv2.imread(name, cv2.IMREAD_GRAYSCALE))))
    steps = arrays['drawn'] < spikes if about['input'] == 'rate' else spikes[None] / 255
    reset_states(network)
    with torch.no_grad():
        found = network(torch.from_numpy(steps.astype('f4')))[0].mean(0).numpy()
    scores = (found - arrays['response_mean']) / arrays['response_std']
    print(name, scores.argmax(), f'{scores.max():.2f}')
