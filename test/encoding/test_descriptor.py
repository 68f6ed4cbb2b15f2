"""Encoder `descriptor`: what a network in an ONNX file sees, what its output becomes, refusals."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Callable

import cv2
import numpy as np
import pytest
from support.onnx_models import flattened, save_model

from vprtempo_ros.config import DescriptorConfig
from vprtempo_ros.encoding.descriptor import DescriptorEncoder
from vprtempo_ros.errors import ConfigError, ImageError
from vprtempo_ros.frames import BGR, Image, grey_image
from vprtempo_ros.sources.image_msg import decode_file

pytest.importorskip('onnx')
pytest.importorskip('onnxruntime')


def coloured(height: int = 4, width: int = 6) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (height, width, 3), np.uint8)


def encoder(model: Path, **settings: object) -> DescriptorEncoder:
    return DescriptorEncoder(DescriptorConfig(str(model), **settings))  # type: ignore[arg-type]


SCALED: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    'none': lambda rgb: rgb,
    'unit': lambda rgb: rgb / 255,
    'signed': lambda rgb: rgb / 127.5 - 1,
    'imagenet': lambda rgb: (rgb / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225],
}


@pytest.mark.parametrize('scaling', SCALED)
@pytest.mark.parametrize('colours', ['rgb', 'bgr'])
@pytest.mark.parametrize('shape', [(1, 3, 4, 6), (1, 4, 6, 3), ('batch', 3, 4, 6)])
def test_the_network_gets_the_image(
    tmp_path: Path, scaling: str, colours: str, shape: tuple[int, ...]
) -> None:
    """Values, order of colours, and the axis of channels are what the network was trained with."""
    rgb = coloured()
    encode = encoder(flattened(tmp_path / 'm.onnx', shape), scaling=scaling, colours=colours)
    expected = SCALED[scaling](rgb.astype(float))
    if colours == 'bgr':
        expected = expected[..., ::-1]
    if shape[1] == 3:
        expected = expected.transpose(2, 0, 1)
    for image in (grey_image(rgb), Image(rgb[..., ::-1].copy(), BGR)):
        assert encode.descriptor(image) == pytest.approx(expected.reshape(-1), abs=1e-4)
    assert encode.length == 72


def test_images_are_resized_and_grey_ones_fill_all_channels(tmp_path: Path) -> None:
    encode = encoder(flattened(tmp_path / 'm.onnx'), scaling='none')
    grey = np.kron(np.arange(24, dtype=np.uint8).reshape(4, 6) * 10, np.ones((5, 5), np.uint8))
    assert encode.descriptor(grey_image(grey)) == pytest.approx(np.tile(np.arange(24) * 10.0, 3))
    # An image of fewer pixels is enlarged smoothly.
    ramp = encode.descriptor(grey_image(np.array([[0, 255], [0, 255]], np.uint8)))
    assert len(np.unique(ramp)) > 3


def test_the_network_gets_the_colours_of_a_jpeg(tmp_path: Path) -> None:
    encode = encoder(flattened(tmp_path / 'm.onnx'), scaling='none')
    data = cv2.imencode('.jpg', coloured())[1]
    expected = cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1].transpose(2, 0, 1)
    assert encode.descriptor(decode_file(data)) == pytest.approx(expected.reshape(-1))


def test_a_network_of_one_channel_gets_grey(tmp_path: Path) -> None:
    encode = encoder(flattened(tmp_path / 'm.onnx', (1, 1, 4, 6)), scaling='none')
    assert encode.length == 24
    rgb = coloured()
    assert encode.descriptor(grey_image(rgb)) == pytest.approx(
        grey_image(rgb).grey().reshape(-1).astype(float)
    )


def test_a_network_may_take_bytes(tmp_path: Path) -> None:
    model = save_model(
        tmp_path / 'm.onnx',
        [('Flatten', ['image'], ['flat']), ('DequantizeLinear', ['flat', 'one'], ['descriptor'])],
        {'image': (1, 3, 4, 6)},
        constants={'one': np.float32(1)},
        kind='UINT8',
    )
    rgb = coloured()
    assert encoder(model).descriptor(grey_image(rgb)) == pytest.approx(
        rgb.transpose(2, 0, 1).reshape(-1).astype(float)
    )


def test_a_network_of_any_size_takes_the_configured_one(tmp_path: Path) -> None:
    model = flattened(tmp_path / 'm.onnx', (1, 3, 'rows', 'columns'))
    assert encoder(model, width=6, height=4).length == 72
    with pytest.raises(ConfigError, match=r'any height; set encoding\.descriptor\.height'):
        encoder(model, width=6)


def test_spikes_keep_the_direction_of_the_descriptor(tmp_path: Path) -> None:
    """Zero is the middle, the scale does not matter, and the order of values is kept."""
    model = flattened(tmp_path / 'm.onnx')
    dark, bright = (encoder(model, scaling=scaling) for scaling in ('unit', 'none'))
    image = grey_image(coloured())
    spikes = dark(image)
    assert spikes.dtype == np.uint8 and spikes.shape == (72,)
    assert (spikes == bright(image)).all()
    found, expected = spikes.astype(float) - 127.5, dark.descriptor(image)
    root = np.copysign(np.sqrt(np.abs(expected)), expected)
    assert np.corrcoef(found, root)[0, 1] > 0.999
    assert dark(grey_image(np.zeros((4, 6), np.uint8))) == pytest.approx(128)


def test_mirrored_keeps_mean_and_covariance_but_not_the_places(tmp_path: Path) -> None:
    encode = encoder(flattened(tmp_path / 'm.onnx'))
    rng = np.random.default_rng(0)
    frames = rng.normal(size=(300, 12)) @ rng.normal(size=(12, 72))
    spikes = np.clip(np.rint(127.5 + 10 * frames), 0, 255).astype(np.uint8)
    mirrored = encode.mirrored(spikes)
    assert mirrored.dtype == np.uint8 and mirrored.shape == spikes.shape
    assert mirrored.mean(axis=0) == pytest.approx(spikes.mean(axis=0), abs=1.5)
    one, other = (np.cov(each.T) for each in (spikes.astype(float), mirrored.astype(float)))
    assert np.abs(one - other).max() < 0.05 * np.abs(one).max()
    own = [np.corrcoef(a, b)[0, 1] for a, b in zip(spikes, mirrored, strict=True)]
    assert np.mean(own) < 0.3


def refusals(folder: Path) -> dict[str, Path]:
    """Return files that are no use, by what is said of them."""
    damaged = flattened(folder / 'damaged.onnx')
    damaged.write_bytes(damaged.read_bytes()[:-40])
    (folder / 'text.onnx').write_text('not a model')
    (folder / 'empty.onnx').write_bytes(b'')
    flat = [('Flatten', ['image'], ['descriptor'])]
    image: dict[str, tuple[int | str, ...]] = {'image': (1, 3, 4, 6)}
    return {
        r'missing\.onnx: cannot be read \(No such file': folder / 'missing.onnx',
        r'cannot be read \(Is a directory': folder,
        r'text\.onnx: onnxruntime cannot load it': folder / 'text.onnx',
        r'empty\.onnx: onnxruntime cannot load it': folder / 'empty.onnx',
        r'damaged\.onnx: onnxruntime cannot load it': damaged,
        'expected one input, the image, found image, mask': save_model(
            folder / 'two.onnx',
            [('Add', ['image', 'mask'], ['sum']), ('Flatten', ['sum'], ['descriptor'])],
            {**image, 'mask': (1, 3, 4, 6)},
        ),
        'expected one output, the descriptor, found descriptor, other': save_model(
            folder / 'outputs.onnx',
            [*flat, ('Flatten', ['image'], ['other'])],
            image,
            outputs=('descriptor', 'other'),
        ),
        r'expected an input of 4 dimensions, found \[1, 72\]': flattened(
            folder / 'vector.onnx', (1, 72)
        ),
        'expected an input for one image, found a batch of 8': flattened(
            folder / 'batch.onnx', (8, 3, 4, 6)
        ),
        'expected an input of 1 or 3 channels': flattened(folder / 'five.onnx', (1, 5, 4, 6)),
        r'found tensor\(int64\)': save_model(
            folder / 'integers.onnx', flat, image, kind='INT64', output_kind='INT64'
        ),
        'expected finite values, found NaN': save_model(
            folder / 'nan.onnx',
            [('Flatten', ['image'], ['flat']), ('Mul', ['flat', 'nan'], ['descriptor'])],
            image,
            constants={'nan': np.float32('nan')},
        ),
        'expected a descriptor of 2 to 65536 values, found 1': save_model(
            folder / 'one.onnx', [('ReduceMean', ['image'], ['descriptor'])], image
        ),
        'fails on an image of the size it asks for': save_model(
            folder / 'fails.onnx',
            [('Reshape', ['image', 'shape'], ['descriptor'])],
            {'image': (1, 3, 4, 'columns')},
            constants={'shape': np.array([1, 71], np.int64)},
        ),
    }


def test_files_that_are_no_use_are_refused_in_one_line(tmp_path: Path) -> None:
    for reason, file in refusals(tmp_path).items():
        columns = 6 if file.name == 'fails.onnx' else 0
        with pytest.raises(ConfigError, match=reason) as caught:
            encoder(file, width=columns)
        assert '\n' not in str(caught.value)
        assert str(caught.value).startswith('encoding.descriptor.model: ')


def test_weights_in_other_files_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A map has one file for the network; another that it names could be any file of the robot."""
    onnx = pytest.importorskip('onnx')
    file = save_model(
        tmp_path / 'm.onnx',
        [('Flatten', ['image'], ['flat']), ('Add', ['flat', 'bias'], ['descriptor'])],
        {'image': (1, 3, 4, 6)},
        constants={'bias': np.arange(72, dtype=np.float32)},
    )
    onnx.save(
        onnx.load(str(file)),
        str(file),
        save_as_external_data=True,
        location='bias.bin',
        size_threshold=0,
    )
    assert (tmp_path / 'bias.bin').exists()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match='found weights in other files'):
        encoder(file)


def test_settings_that_do_not_fit(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match='expected an ONNX file for encoder descriptor'):
        DescriptorEncoder(DescriptorConfig())
    with pytest.raises(
        ConfigError, match=r'images of width 6, and encoding\.descriptor\.width is 9'
    ):
        encoder(flattened(tmp_path / 'm.onnx'), width=9)


def test_without_onnxruntime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = flattened(tmp_path / 'm.onnx')
    monkeypatch.setitem(sys.modules, 'onnxruntime', None)
    with pytest.raises(ConfigError, match='not installed: pip install onnxruntime'):
        encoder(model)


def test_a_frame_whose_descriptor_is_not_finite_is_left_out(tmp_path: Path) -> None:
    """A network may fail on some images only."""
    model = save_model(
        tmp_path / 'm.onnx',
        [('Flatten', ['image'], ['flat']), ('Log', ['flat'], ['descriptor'])],
        {'image': (1, 3, 4, 6)},
    )
    encode = encoder(model, scaling='none')
    image = np.full((4, 6, 3), 9, np.uint8)
    encode(grey_image(image))
    image[0, 0, 0] = 0
    with pytest.raises(ImageError, match=r'expected finite values from m\.onnx'):
        encode(grey_image(image))
