"""
demo: the complete workflow from recording to recall, over DDS, in separate processes.

Records a route twice, trains a map from the first recording, runs vpr_node while the second is
replayed, and shows the matches live in a browser. Writes the figures, an evaluation report and a
picture of the last state of the live page.
"""

from __future__ import annotations

import argparse
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO, Sequence

from ..errors import VprError
from ..evaluation.report import check_output
from ..evaluation.truth import write_truth
from ..maps.store import load
from ..tools.command import check_range, guarded
from ..view.picture import best_suffix
from .processes import command, folder_for, remove_bag, ros_environment, run_to_end, running
from .recordings import Recordings, convert_folder, render_route
from .result import conclude, report_folder, summary

# Time within which vpr_node must be ready, in seconds.
_START_TIMEOUT = 60.0


def run_demo(folder: Path, recordings: Recordings) -> None:
    """Train, recognise and evaluate, after recording."""
    environment = ros_environment()
    print(
        f'\nROS_DOMAIN_ID={environment["ROS_DOMAIN_ID"]} (set it to watch with ROS tools)\n\n'
        'Training a map from the first recording',
        flush=True,
    )
    built = folder / 'map'
    run_to_end(
        command(
            'trainer_node',
            parameters={
                'bags': str([str(recordings.reference)]),
                'map': str(built),
                'overwrite': 'true',
                **recordings.trainer,
            },
        ),
        environment,
        'trainer_node',
    )
    shift_ns = _recognise(folder, built, recordings, environment)
    loaded = load(built)
    write_truth(recordings.truth(loaded), folder / 'truth.csv')
    result = conclude(folder, built, loaded, recordings.query, shift_ns, recordings.correct_when)
    print(
        f'\n{summary(result, len(loaded.places), recordings.correct_when)}\n\n'
        f'  map       {built}\n  matches   {folder / "matches.csv"}\n'
        f'  truth     {folder / "truth.csv"}\n  report    {result.report}\n'
        f'  picture   {picture_file(folder)}'
    )


def _recognise(
    folder: Path, built: Path, recordings: Recordings, environment: dict[str, str]
) -> int:
    """Run vpr_node and replay the query; return the offset added to its stamps, in ns."""
    print('\nRecognising places while the second recording is replayed', flush=True)
    shown = command('show_matches', '--record', str(folder / 'matches.csv'))
    name = recordings.input_name
    picture = picture_file(folder)
    view = command('view', '--port', '0', '--picture', str(picture))
    node = command('vpr_node', parameters={'map': str(built), 'input.type': name})
    # The input is remapped as on a robot.
    node += ['-r', f'{name}:={recordings.topic}']
    with (
        running(shown, environment, subprocess.PIPE) as watching,
        running(node, environment) as recognising,
    ):
        assert watching.stdout is not None
        listener = _Listener(watching.stdout)
        listener.await_ready({'vpr_node': recognising, 'show_matches': watching})
        # Ends before vpr_node does, so that its picture shows the last match.
        with running(view, environment, subprocess.PIPE) as viewing:
            assert viewing.stdout is not None
            served = viewing.stdout.readline().partition(' ')[2].strip()
            if not served:
                raise VprError('view ended; see its last line above')
            print(f'Live in a browser: {served}\n', flush=True)
            shift_ns = _replay(recordings, environment)
            listener.await_silence()
    return shift_ns


def picture_file(folder: Path) -> Path:
    """Return the file of the live page's picture in the demo's folder."""
    return folder / f'view{best_suffix()}'


def _replay(recordings: Recordings, environment: dict[str, str]) -> int:
    """Replay the query with current stamps; return the offset added to them, in ns."""
    words = command('replay', str(recordings.query), '--topics', recordings.topic, '--restamp')
    with running(words, environment, subprocess.PIPE) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        status = process.wait()
    moved = re.search(r'stamps moved by (-?\d+) ns', output)
    if status != 0 or moved is None:
        raise VprError(f'replay failed (exit status {status}); see its last line above')
    return int(moved[1])


class _Listener(threading.Thread):
    """Prints the output of `show_matches`; detects when vpr_node is ready and when matches end."""

    def __init__(self, lines: IO[str]) -> None:
        super().__init__(name='listener', daemon=True)
        self._lines = lines
        self._ready = threading.Event()
        self._last = time.monotonic()
        self.start()

    def run(self) -> None:
        for line in self._lines:
            self._last = time.monotonic()
            if line.startswith('READY'):
                self._ready.set()
            else:
                print(line, end='', flush=True)

    def await_ready(self, processes: dict[str, subprocess.Popen[str]]) -> None:
        deadline = time.monotonic() + _START_TIMEOUT
        while not self._ready.wait(0.2):
            for name, process in processes.items():
                if process.poll() is not None:
                    raise VprError(f'{name} ended unexpectedly; see its last line above')
            if time.monotonic() > deadline:
                raise VprError('vpr_node was not ready in time; see its last line above')

    def await_silence(self) -> None:
        while time.monotonic() - self._last < 1.0:
            time.sleep(0.1)


def main(args: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(
        prog='demo', description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        '--out',
        type=Path,
        default=Path('build/demo'),
        help='folder for bags, map and report (default: %(default)s)',
    )
    parser.add_argument(
        '--data',
        type=Path,
        help='folder with a subfolder of images for each '
        'traverse; equal file names are the same place (default: a rendered route)',
    )
    parser.add_argument('--reference', default='', help='subfolder to train from (default: first)')
    parser.add_argument('--query', default='', help='subfolder to recognise (default: second)')
    parser.add_argument(
        '--names',
        default='',
        help='text file with the image names to use '
        '(default: filtered_names.txt or names.txt in DATA, else all)',
    )
    parser.add_argument(
        '--places', type=int, default=500, help='maximum number of places, with --data'
    )
    parser.add_argument(
        '--length',
        type=float,
        default=230.0,
        help='length of the rendered route in metres, 20 to 500',
    )
    parser.add_argument(
        '--rate', type=float, help='images per second (default: 10, with --data 20)'
    )
    parser.add_argument(
        '--input',
        choices=('image', 'events'),
        default='image',
        help='sensor on the rendered route: a camera, or a model of an event '
        'camera (default: %(default)s)',
    )
    given = parser.parse_args(args)

    def work() -> None:
        if given.data and given.input == 'events':
            raise VprError('INPUT=events needs the rendered route; leave out DATA')
        rate = given.rate if given.rate is not None else 20.0 if given.data else 10.0
        check_range('RATE', rate, 0.1, 1000)
        check_range('PLACES', given.places, 2)
        check_range('LENGTH', given.length, 20, 500)
        folder = folder_for(given.out)
        for name in ('reference', 'query'):
            remove_bag(folder / name)
        check_output(report_folder(folder))
        print('Recording the route twice', flush=True)
        if given.data:
            recordings = convert_folder(
                folder, given.data, given.reference, given.query, given.names, given.places, rate
            )
        elif given.input == 'events':
            from .event_route import record_events

            recordings = record_events(folder, given.length, rate)
        else:
            recordings = render_route(folder, given.length, rate)
        run_demo(folder, recordings)

    # SIGTERM ends the nodes too, as SIGINT does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    return guarded(work)


if __name__ == '__main__':
    sys.exit(main())
