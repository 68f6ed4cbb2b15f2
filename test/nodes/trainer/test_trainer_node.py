"""trainer_node as a process: a map or one line that says what to do."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support import ros

from vprtempo_ros.maps.store import load


def named(parameters: dict[str, Any]) -> dict[str, Any]:
    """Return parameters by their names; double underscores stand for dots."""
    return {name.replace('__', '.'): value for name, value in parameters.items()}


def train(tmp_path: Path, **parameters: Any) -> tuple[int, str]:
    """Run the trainer to its end; return exit status and output."""
    with ros.node(tmp_path, 'trainer_node', parameters=named(parameters)) as process:
        return process.process.wait(ros.PATIENCE * 3), process.output()


def test_builds_the_map_that_the_library_builds(street, tmp_path: Path) -> None:
    """From the bag alone, with poses from odometry, bit for bit like a call of the library."""
    status, output = train(
        tmp_path,
        bags=f"['{street.recordings.reference}']",
        map=tmp_path / 'map',
        places__by='metres',
        places__spacing=2,
    )
    assert status == 0, output
    built, expected = load(tmp_path / 'map'), load(street.map)
    assert built.places == expected.places
    assert all(place.pose for place in built.places)
    assert (built.network.weights == expected.network.weights).all()
    assert built.provenance['traverses'][0]['frames'] == 80
    assert 'reading reference' in output
    assert 'fitting network' in output
    assert f'{len(built.places)} places from 1 traverse' in output


def test_two_traverses_are_aligned_by_their_poses(street, tmp_path: Path) -> None:
    """The second recording adds samples to the places of the first."""
    bags = f"['{street.recordings.reference}', '{street.recordings.query}']"
    status, output = train(
        tmp_path,
        bags=bags,
        map=tmp_path / 'map',
        places__by='metres',
        places__spacing=2.0,
        places__radius=2.0,
    )
    assert status == 0, output
    used = [entry['used'] for entry in load(tmp_path / 'map').provenance['traverses']]
    assert used[0] == len(load(street.map).places)
    assert used[0] * 0.8 < used[1] <= used[0]


def test_progress_is_published(street, tmp_path: Path) -> None:
    """~/progress has the fraction that is done, the last value also for late subscribers."""
    import rclpy
    from rclpy.executors import SingleThreadedExecutor
    from rclpy.qos import DurabilityPolicy, QoSProfile
    from std_msgs.msg import Float32

    context = rclpy.Context()
    rclpy.init(context=context)
    listener = rclpy.create_node('listener', context=context)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(listener)
    values: list[float] = []
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    listener.create_subscription(
        Float32, '/trainer_node/progress', lambda message: values.append(message.data), latched
    )
    with ros.node(
        tmp_path,
        'trainer_node',
        parameters={
            'bags': street.recordings.reference,
            'map': tmp_path / 'map',
            'training.epochs': 400,
        },
    ) as process:
        while process.process.poll() is None:
            executor.spin_once(timeout_sec=0.05)
    executor.shutdown()
    listener.destroy_node()
    context.try_shutdown()
    assert values
    assert all(0 <= value <= 1 for value in values)


@pytest.mark.parametrize(
    ('changed', 'words'),
    [
        ({'bags': '/no/such/bag'}, 'no such bag'),
        ({'map': "''"}, 'no destination given'),
        ({'input__topic': '/radar'}, 'image topics in it: /camera/image_raw'),
        ({'poses__topic': '/fix'}, 'pose topics in it: /odom'),
        ({'places__spacing': 1e5}, 'at least 2 places'),
        ({'places__spacing': -1}, 'places.spacing: expected'),
        ({'encoding__patch': 8}, 'odd'),
        ({'training__readout': 'loud'}, 'linear, clamped'),
        ({'bags': 5}, 'bags: expected'),
        ({'training__seed': 2**40}, 'training.seed: expected'),
        (
            {
                'encoding__encoder': 'pixels',
                'encoding__width': 512,
                'encoding__height': 512,
                'training__outputs': 'stdp',
                # What is trained does not depend on it, and it is read sooner.
                'places__count': 3,
            },
            'GiB',
        ),
    ],
)
def test_mistakes_are_one_line(
    street, capfd: pytest.CaptureFixture[str], tmp_path: Path, changed: dict[str, Any], words: str
) -> None:
    """A mistake ends with status 1 and one line that names it, and without a map."""
    parameters = {'bags': street.recordings.reference, 'map': tmp_path / 'map', **changed}
    ended = ros.refused(capfd, 'trainer_node', parameters=named(parameters))
    assert ended.status == 1
    check_line(ended.output, words)
    assert not (tmp_path / 'map').exists()


def check_line(output: str, words: str) -> None:
    """Check that an error is one line with some words."""
    fatal = [line for line in output.splitlines() if '[FATAL]' in line]
    assert len(fatal) == 1, output
    assert words in fatal[0]
    assert '[trainer_node]' in fatal[0]


def test_a_mistake_of_a_process(tmp_path: Path) -> None:
    """It ends with that line and status 1, without a traceback."""
    status, output = train(tmp_path, bags='[]', map=tmp_path / 'map')
    assert status == 1
    assert 'Traceback' not in output
    check_line(output, 'no bags given')


def test_never_overwrites_unasked(street, tmp_path: Path) -> None:
    """An existing map stands until overwrite is set, and that is checked before the work."""
    parameters = {
        'bags': street.recordings.reference,
        'map': tmp_path / 'map',
        'encoding__encoder': 'pixels',
        'places__count': 9,
    }
    assert train(tmp_path, **parameters)[0] == 0
    before = (tmp_path / 'map' / 'map.yaml').read_text()
    status, output = train(tmp_path, **parameters, training__seed=1)
    assert status == 1
    assert 'overwrite' in output
    assert 'reading' not in output
    assert (tmp_path / 'map' / 'map.yaml').read_text() == before
    assert train(tmp_path, **parameters, training__seed=1, overwrite='true')[0] == 0
    assert load(tmp_path / 'map').config.training.seed == 1


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_interruption_leaves_nothing(street, tmp_path: Path, number: signal.Signals) -> None:
    """A signal ends the training soon, with no map and nothing next to it."""
    target = tmp_path / 'maps' / 'map'
    with ros.node(
        tmp_path,
        'trainer_node',
        parameters={
            'bags': street.recordings.reference,
            'map': target,
            'training.outputs': 'stdp',
            'encoding.encoder': 'pixels',
            'training.epochs': 200,
        },
    ) as process:
        process.wait_for('training module')
        assert process.end(number) != 0
        assert 'Traceback' not in process.output()
        assert 'interrupted; no map was written' in process.output()
    assert not target.parent.exists() or not list(target.parent.iterdir())


def test_full_disk(street, tmp_path: Path) -> None:
    """A disk that fills up while saving is one line; the old map stays, nothing is left over."""
    disk = tmp_path / 'disk'
    disk.mkdir()
    if (
        os.geteuid() != 0
        or subprocess.run(
            ['mount', '-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', str(disk)],
            stderr=subprocess.DEVNULL,
            check=False,
        ).returncode
        != 0
    ):
        pytest.skip('needs root and the right to mount a small file system')
    try:
        parameters = {
            'bags': street.recordings.reference,
            'map': disk / 'map',
            'encoding.encoder': 'pixels',
            'training.outputs': 'stdp',
            'training.epochs': 1,
        }
        status, output = train(tmp_path, **parameters, training__feature_multiplier=0.5)
        assert status == 0, output
        before = sorted(path.name for path in disk.iterdir())
        status, output = train(
            tmp_path, **parameters, training__feature_multiplier=4.0, overwrite='true'
        )
        assert status == 1
        assert 'No space left' in output
        assert 'Traceback' not in output
        assert sorted(path.name for path in disk.iterdir()) == before
        assert load(disk / 'map').config.training.feature_multiplier == 0.5
    finally:
        subprocess.run(['umount', str(disk)], check=True)
