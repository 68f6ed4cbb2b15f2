"""
Encoder `descriptor`: the descriptor that a neural network in an ONNX file gives of an image.

Networks trained on place recognition or on classification describe an image by a vector that
changes little with the viewpoint. Its values become spikes, and the network of the map learns from
these as from any other.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ..arrays import Floats, Numbers, Spikes
from ..config import DescriptorConfig
from ..errors import ConfigError, ImageError
from ..frames import Image, grey_image, range_of
from .onnx_file import read_model
from .profile import DESCRIPTOR

# A longer descriptor needs weights of gigabytes.
_LONGEST = 1 << 16
# Mean and standard deviation of ImageNet's colours, 0 to 1, that most networks are trained with.
_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)
# Standard deviations of a descriptor's square roots on either side of a spike's middle.
_RANGE = 3.0
_TYPES = {'tensor(float)': np.float32, 'tensor(float16)': np.float16, 'tensor(uint8)': np.uint8}


class DescriptorEncoder:
    """
    Turns images into spikes; calling it with an `Image` gives uint8 (length,).

    width, height, channels: of the image that the network takes.
    """

    name = 'descriptor'
    profile = DESCRIPTOR

    def __init__(self, config: DescriptorConfig) -> None:
        """
        Load the network and try it once.

        :raises ConfigError: if the file is missing or damaged, onnxruntime is not installed, or the
            network does not take one image and return one descriptor.
        """
        content = read_model(config.model)
        self._file = Path(config.model).name
        self._scaling = config.scaling
        self._session = _session(content, self._file)
        self._read_signature(config)
        self.length = self._try()

    def __call__(self, image: Image) -> Spikes:
        """
        Return the spikes of an image: uint8 (length,), of which zero of the descriptor is 127.

        :raises ImageError: if the descriptor has a value that is not finite.
        """
        descriptor = self.descriptor(image)
        # The mean square of the roots.
        power = float(np.abs(descriptor).mean(dtype=np.float64))
        if not np.isfinite(power):
            raise ImageError(
                f'expected finite values from {self._file}, found NaN or infinity in its output'
            )
        # Some values are many times larger than most; roots use the range of a spike better.
        root = np.copysign(np.sqrt(np.abs(descriptor)), descriptor)
        scaled = root * np.float32(127.5 / _RANGE / max(np.sqrt(power), 1e-12)) + np.float32(127.5)
        return np.clip(np.rint(scaled), 0, 255).astype(np.uint8)

    def descriptor(self, image: Image) -> Floats:
        """Return the output of the network, float32 (length,)."""
        (output,) = self._session.run([self._output], {self._input: self._tensor(image)})
        return np.asarray(output, np.float32).reshape(-1)

    def blank(self) -> Numbers:
        """Return a black image as the network takes it."""
        return self._tensor(grey_image(np.zeros((self.height, self.width, 3), np.uint8)))

    def mirrored(self, spikes: Spikes) -> Spikes:
        """
        Return spikes uint8 (frames, length) that a drive along other places might give.

        What a mirrored image gives cannot be seen from its descriptor. Instead every second
        principal component changes its sign: mean and covariance stay, the places do not.
        """
        centred = spikes.astype(np.float32)
        mean = centred.mean(axis=0)
        centred -= mean
        _, components = np.linalg.eigh(centred.T @ centred)
        odd = components[:, ::-1][:, ::2]
        flipped = mean + centred - 2.0 * (centred @ odd) @ odd.T
        return np.clip(np.rint(flipped), 0, 255).astype(np.uint8)

    def _tensor(self, image: Image) -> Numbers:
        """Return the image as the network takes it."""
        if self.channels == 3:
            image = image.coloured()
        size = self.width, self.height
        # Area averages when reducing, and is nearest-neighbour when enlarging.
        smaller = image.width >= self.width and image.height >= self.height
        how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
        pixels = np.asarray(cv2.resize(image.pixels, size, interpolation=how))
        reshaped = pixels.reshape(self.height, self.width, -1)
        shown = Image(reshaped, image.weights, range_of(image))
        colours: Numbers = shown.rgb() if self.channels == 3 else shown.shown()[..., np.newaxis]
        if self._order == 'bgr':
            colours = colours[..., ::-1]
        if self._type != np.uint8:
            colours = self._scaled(colours)
        if self._channels_first:
            colours = colours.transpose(2, 0, 1)
        return np.ascontiguousarray(colours[np.newaxis], self._type)

    def _scaled(self, colours: Numbers) -> Floats:
        values: Floats = colours.astype(np.float32)
        if self._scaling == 'none':
            return values
        values /= np.float32(255.0)
        if self._scaling == 'unit':
            return values
        if self._scaling == 'signed':
            return values * np.float32(2.0) - np.float32(1.0)
        mean, deviation = _MEAN, _DEVIATION
        if self.channels == 1:
            mean, deviation = mean.mean(keepdims=True), deviation.mean(keepdims=True)
        elif self._order == 'bgr':
            mean, deviation = mean[::-1], deviation[::-1]
        return (values - mean) / deviation

    def _read_signature(self, config: DescriptorConfig) -> None:
        """Find out what the network takes and returns."""
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        if len(inputs) != 1:
            names = ', '.join(each.name for each in inputs) or 'none'
            raise self._refused(f'expected one input, the image, found {names}')
        if len(outputs) != 1:
            names = ', '.join(each.name for each in outputs) or 'none'
            raise self._refused(f'expected one output, the descriptor, found {names}')
        self._input, self._output = inputs[0].name, outputs[0].name
        if inputs[0].type not in _TYPES:
            known = ', '.join(_TYPES)
            raise self._refused(f'expected an input of {known}, found {inputs[0].type}')
        self._type = _TYPES[inputs[0].type]
        self._order = config.colours
        shape = inputs[0].shape
        if len(shape) != 4:
            raise self._refused(f'expected an input of 4 dimensions, found {_text(shape)}')
        if shape[0] not in (1, None) and not isinstance(shape[0], str):
            raise self._refused(f'expected an input for one image, found a batch of {shape[0]}')
        self._channels_first = shape[1] in (1, 3)
        if not self._channels_first and shape[3] not in (1, 3):
            raise self._refused(
                f'expected an input of 1 or 3 channels, before or after the rows and columns, '
                f'found {_text(shape)}'
            )
        self.channels = shape[1] if self._channels_first else shape[3]
        sides = shape[2:] if self._channels_first else shape[1:3]
        self.height = self._side('height', sides[0], config.height)
        self.width = self._side('width', sides[1], config.width)
        if self.channels == 1:
            self._order = 'rgb'

    def _side(self, name: str, stated: int | str | None, wanted: int) -> int:
        """Return a side of the network's image: as it states, or as configured if it takes any."""
        if isinstance(stated, int) and stated > 0:
            if wanted not in (0, stated):
                raise self._refused(
                    f'takes images of {name} {stated}, and encoding.descriptor.{name} is {wanted}; '
                    'leave it 0'
                )
            return stated
        if not wanted:
            raise self._refused(
                f'takes images of any {name}; set encoding.descriptor.{name} to the one that it '
                'was trained with'
            )
        return wanted

    def _try(self) -> int:
        """Return the length of the descriptor of an image."""
        noise = np.random.default_rng(0).integers(0, 256, (self.height, self.width, 3), np.uint8)
        try:
            descriptor = self.descriptor(grey_image(noise))
        except Exception as error:
            raise self._refused(
                f'fails on an image of the size it asks for ({_text(error)})'
            ) from None
        if not 2 <= len(descriptor) <= _LONGEST:
            raise self._refused(
                f'expected a descriptor of 2 to {_LONGEST} values, found {len(descriptor)}'
            )
        if not np.isfinite(descriptor).all():
            raise self._refused('expected finite values, found NaN or infinity in its output')
        return len(descriptor)

    def _refused(self, reason: str) -> ConfigError:
        return ConfigError(f'encoding.descriptor.model: {self._file}: {reason}')


def _session(content: bytes, name: str) -> Any:
    """Return an onnxruntime session on one thread."""
    try:
        import onnxruntime
    except ImportError:
        raise ConfigError(
            "encoder 'descriptor' needs onnxruntime, which is not installed: "
            'pip install onnxruntime'
        ) from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # Its errors are raised; it should not print them too.
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(content, options, providers=['CPUExecutionProvider'])
    except Exception as error:  # Its classes have no common base.
        raise ConfigError(
            f'encoding.descriptor.model: {name}: onnxruntime cannot load it ({_text(error)}); '
            'expected an ONNX file'
        ) from None


def _text(found: object) -> str:
    return ' '.join(str(found).split())[:200]
