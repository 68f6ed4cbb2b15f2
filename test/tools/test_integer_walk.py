"""integer_walk: its steps are those of the backend, and its plots are written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support import quantised
from support.quantised import map_of

from vprtempo_ros.backends.integer import IntegerBackend
from vprtempo_ros.config import BackendConfig
from vprtempo_ros.errors import BackendError, MapError
from vprtempo_ros.frames import grey_image
from vprtempo_ros.maps.store import save
from vprtempo_ros.tools import integer_walk

IMAGE = grey_image(np.random.default_rng(0).integers(0, 256, (48, 64)).astype(np.uint8))


@pytest.mark.parametrize('readout', ['linear', 'clamped'])
def test_the_walk_ends_where_the_backend_does(readout: str) -> None:
    """Each module's responses, in int64, are those of the backend in float32."""
    built = map_of(quantised.trained(readout))
    backend = IntegerBackend(built.network, BackendConfig())
    parts = []
    for number, module in enumerate(built.network.modules):
        walked = integer_walk.walk(built, IMAGE, number)
        parts.append(
            (walked.output.response - module.output.zero_point).astype(np.float32)
            * module.output.scale
        )
        layer = walked.feature
        assert (layer.excitatory >= 0).all()
        assert (layer.inhibitory <= 0).all()
        assert walked.output.response[walked.winner] == walked.output.response.max()
    assert (backend.similarity(walked.spikes) == np.concatenate(parts)).all()


def test_a_module_that_is_not_there() -> None:
    """Modules are counted from 0; a map of floats has none."""
    built = map_of(quantised.trained())
    with pytest.raises(MapError, match='expected a module from 0 to 2, found 3'):
        integer_walk.walk(built, IMAGE, 3)
    built.network = built.network.floats
    with pytest.raises(BackendError, match='holds floats only'):
        integer_walk.walk(built, IMAGE)


@pytest.mark.long
def test_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command writes three plots and prints which neuron wins."""
    import cv2

    cv2.imwrite(str(tmp_path / 'frame.png'), IMAGE.grey())
    save(map_of(quantised.trained()), tmp_path / 'map')
    out = tmp_path / 'pictures'
    command = [str(tmp_path / 'map'), str(tmp_path / 'frame.png'), '--out', str(out)]
    assert integer_walk.main(command) == 0
    assert len(list(out.glob('*.png'))) == 3
    assert 'winner       neuron' in capsys.readouterr().out
    command[1] = str(tmp_path / 'nothing.png')
    assert integer_walk.main(command) == 1
    assert 'nothing.png: cannot be read (No such file' in capsys.readouterr().err
    (tmp_path / 'text.png').write_text('no image')
    command[1] = str(tmp_path / 'text.png')
    assert integer_walk.main(command) == 1
    assert 'text.png: 8 bytes are not' in capsys.readouterr().err
    command[1], command[3] = str(tmp_path / 'frame.png'), str(tmp_path / 'text.png' / 'walk')
    assert integer_walk.main(command) == 1
    assert capsys.readouterr().err == f'error: {command[3]}: Not a directory\n'
