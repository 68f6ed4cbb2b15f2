"""Recording live topics: what is on the disk, also after a crash or a full disk."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from rosbags.rosbag2 import Reader
from support import PATIENCE, environment
from support.disks import small_disk
from support.helpers import CAMERA, ODOM, picture

from vprtempo_ros.errors import SourceError
from vprtempo_ros.sources.bags import BagReader
from vprtempo_ros.sources.cdr import IMAGE, write_message
from vprtempo_ros.sources.image_bag import ODOMETRY, image_message
from vprtempo_ros.sources.recorder import Recorder
from vprtempo_ros.sources.recordings import first_recording, next_recording, unfinished_recordings
from vprtempo_ros.sources.unfinished import finish
from vprtempo_ros.tools.bag_info import describe

TOPICS = {CAMERA: IMAGE, ODOM: ODOMETRY}


def recorder(path: Path, **changed: Any) -> Recorder:
    """Start a recording with a short sync interval and a large buffer."""
    return Recorder(path, TOPICS, **{'sync': 0.1, 'buffer': 10**8, 'min_free': 0, **changed})


def message(number: int, height: int = 48) -> bytes:
    """Return the bytes of a numbered image."""
    return write_message(image_message(number, picture(number, height, 64), 'mono8', 'cam'), IMAGE)


def read(path: Path) -> list[tuple[str, int, bytes]]:
    """Return topic, time and bytes of all messages."""
    with BagReader(path) as bag:
        return [(raw.topic, raw.stamp_ns, raw.data) for raw in bag.messages(list(TOPICS))]


def wait(condition: Any) -> None:
    """Wait for a condition, with a long timeout."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_is_put_is_read(tmp_path: Path) -> None:
    """All messages are read back byte for byte, in order, from a bag with metadata."""
    recording = recorder(tmp_path / 'new' / 'drive')
    sent = [(CAMERA if number % 2 else ODOM, number, message(number)) for number in range(20)]
    assert all(recording.put(*item) for item in sent)
    recording.close()
    assert (recording.problem, recording.dropped) == ('', 0)
    assert recording.written == {CAMERA: 10, ODOM: 10}
    assert recording.size == sum(len(data) for _, _, data in sent)
    assert read(recording.path) == sent
    assert sorted(file.name for file in recording.path.iterdir()) == [
        'drive_0.db3',
        'metadata.yaml',
    ]
    with Reader(recording.path) as other:
        assert {c.topic: c.msgcount for c in other.connections} == {CAMERA: 10, ODOM: 10}


def test_a_recording_without_metadata_gets_the_same(tmp_path: Path) -> None:
    """What `finish` writes is what closing has written; a second time there is nothing to do."""
    recording = recorder(tmp_path / 'drive')
    for number in range(5):
        recording.put(CAMERA, 7 + number, message(number))
    recording.put(ODOM, 20, message(1))
    recording.close()
    metadata = recording.path / 'metadata.yaml'
    written = yaml.safe_load(metadata.read_text())
    assert finish(recording.path) is None
    metadata.unlink()
    assert finish(recording.path) == 6
    assert yaml.safe_load(metadata.read_text()) == written
    assert finish(recording.path) is None
    assert finish(tmp_path / 'none') is None


def test_files_have_names_that_rosbag2_finds(tmp_path: Path) -> None:
    """Its reindexer takes those that match this expression of its source only."""
    recording = recorder(tmp_path / 'drive')
    recording.close()
    (file,) = recording.path.glob('*.db3')
    assert re.fullmatch(r'.+_(\d+)\.([a-zA-Z0-9])+', file.name)


def test_a_recording_that_goes_on_is_left_alone(tmp_path: Path) -> None:
    """Between two commits too; and what another program writes."""
    recording = recorder(tmp_path / 'drive')
    recording.put(CAMERA, 1, message(1))
    wait(lambda: recording.written[CAMERA] == 1)
    assert finish(recording.path) is None
    assert not (recording.path / 'metadata.yaml').exists()
    recording.close()
    metadata = recording.path / 'metadata.yaml'
    metadata.unlink()
    other = sqlite3.connect(recording.path / 'drive_0.db3', isolation_level=None)
    other.execute('BEGIN IMMEDIATE')
    assert finish(recording.path) is None
    other.execute('ROLLBACK')
    other.close()
    assert finish(recording.path) == 1


def test_damage_is_one_line(tmp_path: Path) -> None:
    """A file that is no database is not recovered, and gets no metadata."""
    (tmp_path / 'drive').mkdir()
    (tmp_path / 'drive' / 'drive_0.db3').write_bytes(b'no database' * 1000)
    with pytest.raises(SourceError, match='not a database'):
        finish(tmp_path / 'drive')
    assert [file.name for file in (tmp_path / 'drive').iterdir()] == ['drive_0.db3']


def test_messages_are_safe_while_it_goes_on(tmp_path: Path) -> None:
    """After the sync interval another program reads them, without closing."""
    recording = recorder(tmp_path / 'drive')
    recording.put(CAMERA, 1, message(1))
    wait(lambda: recording.written[CAMERA] == 1)
    assert recording.slowest_sync > 0
    assert read(recording.path) == [(CAMERA, 1, message(1))]
    recording.put(CAMERA, 2, message(2))
    recording.close()
    assert len(read(recording.path)) == 2


def test_one_without_messages(tmp_path: Path) -> None:
    """A recording without messages is an empty bag."""
    recording = recorder(tmp_path / 'drive')
    recording.close()
    assert (recording.problem, recording.written, recording.size) == ('', {}, 0)
    assert read(recording.path) == []


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """An existing path is refused and not changed."""
    (tmp_path / 'drive').mkdir()
    (tmp_path / 'drive' / 'notes.txt').write_text('mine')
    with pytest.raises(SourceError, match='exists already; it is left alone'):
        recorder(tmp_path / 'drive')
    assert [file.name for file in (tmp_path / 'drive').iterdir()] == ['notes.txt']


@pytest.mark.parametrize(
    ('name', 'words'), [('what?', 'without \\?, # and %'), ('file/drive', 'cannot be written')]
)
def test_where_nothing_can_be_recorded(tmp_path: Path, name: str, words: str) -> None:
    """A path that cannot be written is refused before the drive."""
    (tmp_path / 'file').write_text('')
    with pytest.raises(SourceError, match=words) as caught:
        recorder(tmp_path / name)
    assert '\n' not in str(caught.value)


def test_too_little_room_to_begin(tmp_path: Path) -> None:
    """The disk has less free than required: the message names the setting."""
    with pytest.raises(SourceError, match=r'live\.min_free'):
        recorder(tmp_path / 'drive', min_free=1 << 62)
    assert not (tmp_path / 'drive').exists()


def test_a_disk_that_is_too_slow(tmp_path: Path) -> None:
    """While the disk hangs, memory is bounded; further messages count as dropped."""
    recording = recorder(tmp_path / 'drive', buffer=10 * len(message(0)))
    recording.put(CAMERA, 0, message(0))
    wait(lambda: recording.written[CAMERA] == 1)
    # A database locked by another program is like a disk that hangs.
    blocker = sqlite3.connect(recording.path / 'drive_0.db3', isolation_level=None)
    blocker.execute('BEGIN IMMEDIATE')
    taken = [recording.put(CAMERA, number, message(number)) for number in range(1, 41)]
    blocker.execute('ROLLBACK')
    blocker.close()
    # One may have been taken from the queue already.
    assert 10 <= sum(taken) <= 12
    assert recording.dropped == 40 - sum(taken)
    recording.close()
    assert (recording.problem, recording.written[CAMERA]) == ('', 1 + sum(taken))


@pytest.mark.parametrize('min_free', [0, 2 * 10**6], ids=['to the brim', 'some left'])
def test_a_full_disk(tmp_path: Path, min_free: int) -> None:
    """The recording stops with one line; all messages counted as written can be read."""
    large = message(1, 4800)
    with small_disk(tmp_path / 'disk', 8) as disk:
        recording = recorder(disk / 'drive', min_free=min_free, sync=0.05)
        sent = 0
        while not recording.problem and sent < 1000:
            recording.put(CAMERA, sent, large)
            sent += 1
            time.sleep(0.01)
        recording.close()
        assert '\n' not in recording.problem
        assert ('is full but for' if min_free else 'full') in recording.problem
        written = recording.written[CAMERA]
        assert written + recording.dropped == sent
        # Of 8 MB two are kept free, and one second's messages may be gone.
        assert written * len(large) > 2e6
        assert read(recording.path) == [(CAMERA, number, large) for number in range(written)]
        assert recording.put(CAMERA, 1, large) is False
        if min_free:
            assert os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize > 0.8 * min_free
            assert (recording.path / 'metadata.yaml').is_file()
            with Reader(recording.path) as other:
                assert other.message_count == written


def test_a_folder_that_disappears(tmp_path: Path) -> None:
    """A disk that is pulled ends the recording with one line and no exception."""
    recording = recorder(tmp_path / 'drive')
    recording.put(CAMERA, 0, message(0))
    wait(lambda: recording.written[CAMERA] == 1)
    for file in recording.path.iterdir():
        file.unlink()
    recording.path.rmdir()
    for number in range(1, 5):
        recording.put(CAMERA, number, message(number))
    recording.close()
    assert 'cannot be written' in recording.problem
    assert recording.free() >= 0


_ENDLESS = """
import sys, time
from pathlib import Path
from test_recorder import CAMERA, message, recorder
recording = recorder(Path(sys.argv[1]), sync=float(sys.argv[2]))
data = [message(number, 480) for number in range(10)]
number = 0
while True:
    recording.put(CAMERA, number, data[number % 10])
    number += 1
    print(number, recording.written[CAMERA], flush=True)
    time.sleep(0.005)
"""


@contextmanager
def endless(path: Path, sync: float) -> Iterator[subprocess.Popen[str]]:
    """Record 200 messages a second in another process, which prints what it has put."""
    process = subprocess.Popen(
        [sys.executable, '-c', _ENDLESS, str(path), str(sync)],
        text=True,
        env=environment(Path(__file__).parent),
        stdout=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def progress(process: subprocess.Popen[str], until: int) -> list[tuple[int, int]]:
    """Read what was put and written, until the second reaches `until`."""
    assert process.stdout is not None
    seen: list[tuple[int, int]] = []
    for line in process.stdout:
        # The last one may have been cut off.
        if len(words := line.split()) == 2 and line.endswith('\n'):
            seen.append((int(words[0]), int(words[1])))
        if seen and seen[-1][1] >= until:
            break
    return seen


@pytest.mark.parametrize('when', range(4))
def test_killed_while_recording(tmp_path: Path, when: int) -> None:
    """After SIGKILL at any time all committed messages are there, in order, byte for byte."""
    path = tmp_path / 'drive'
    with endless(path, 0.2) as process:
        seen = progress(process, 30)
        time.sleep(0.055 * when)
        process.send_signal(signal.SIGKILL)
        seen += progress(process, 1 << 62)
    put, written = seen[-1]
    data = [message(number, 480) for number in range(10)]
    found = read(path)
    assert written <= len(found) <= put + 1
    assert found == [(CAMERA, number, data[number % 10]) for number in range(len(found))]
    assert not (path / 'metadata.yaml').exists()
    assert unfinished_recordings(path) == [path]
    assert finish(path) == len(found)
    with Reader(path) as other:
        assert other.message_count == len(found)
    assert unfinished_recordings(path) == []


def test_half_a_transaction_is_taken_back(tmp_path: Path) -> None:
    """What SQLite had begun to write when it was killed is not read, though the file holds it."""
    path = tmp_path / 'drive'
    with endless(path, 3600.0) as process:
        # More than SQLite keeps in memory, so that it writes into the file before it commits.
        assert process.stdout is not None
        for line in process.stdout:
            if int(line.split()[0]) > 400:
                break
    file, journal = path / 'drive_0.db3', path / 'drive_0.db3-journal'
    assert journal.stat().st_size > 0
    assert file.stat().st_size > 1e6
    assert finish(path) == 0
    assert not journal.exists()
    assert read(path) == []
    assert file.stat().st_size < 1e5


def test_a_log_that_was_not_taken_over(tmp_path: Path) -> None:
    """Bags of rosbag2's resilient profile, killed, have their newest messages next to the file."""
    recording = recorder(tmp_path / 'whole')
    recording.put(CAMERA, 1, message(1))
    recording.close()
    source = recording.path / 'whole_0.db3'
    connection = sqlite3.connect(source)
    connection.execute('PRAGMA journal_mode=WAL')
    connection.execute(
        'INSERT INTO messages (topic_id, timestamp, data) VALUES (1, 2, ?)', (message(2),)
    )
    connection.commit()
    (tmp_path / 'cut').mkdir()
    for end in ('', '-wal'):
        data = source.with_name(f'whole_0.db3{end}').read_bytes()
        (tmp_path / 'cut' / f'bag.db3{end}').write_bytes(data)
    connection.close()
    assert [stamp for _, stamp, _ in read(tmp_path / 'cut')] == [1, 2]


def test_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Recordings are next to the map, or at a given path, and numbered."""
    first = first_recording('', str(tmp_path / 'office'))
    assert first == tmp_path / 'office.recording'
    assert first_recording(str(tmp_path / 'other'), 'ignored') == tmp_path / 'other'
    with pytest.raises(SourceError, match='no destination given'):
        first_recording('', '')
    monkeypatch.chdir(tmp_path)
    assert first_recording('', './') == tmp_path.with_name(f'{tmp_path.name}.recording')
    assert next_recording(first_recording('.', '')) == tmp_path.with_name(f'{tmp_path.name}_2')
    for root in (('', '/'), ('//', '')):
        with pytest.raises(SourceError, match='expected a folder that has a name'):
            first_recording(*root)
    assert next_recording(first) == first
    for _ in range(3):
        recording = recorder(next_recording(first))
        recording.close()
    assert recording.path.name == 'office.recording_3'
    assert unfinished_recordings(first) == []
    assert unfinished_recordings(tmp_path / 'no' / 'such') == []
    (tmp_path / 'office.recording_2' / 'metadata.yaml').unlink()
    (tmp_path / 'office.recording_old').mkdir()
    assert unfinished_recordings(first) == [tmp_path / 'office.recording_2']


def test_recordings_that_nobody_may_read(tmp_path: Path) -> None:
    """A recording of another user, here root, is skipped."""
    if os.geteuid() != 0:
        pytest.skip('needs root to take rights away')
    with tempfile.TemporaryDirectory() as folder:
        first = Path(folder) / 'office.recording'
        Path(folder).chmod(0o755)
        for name in ('', '_2'):
            recorder(first.with_name(first.name + name)).close()
            (first.with_name(first.name + name) / 'metadata.yaml').unlink()
        first.chmod(0o700)
        first.with_name('office.recording_2').chmod(0o755)
        os.seteuid(65534)
        try:
            assert unfinished_recordings(first) == [first.with_name('office.recording_2')]
        finally:
            os.seteuid(0)


def test_what_nobody_thought_of(tmp_path: Path) -> None:
    """Any exception in the recorder's thread is reported: recording does not seem to continue."""
    recording = recorder(tmp_path / 'drive')
    recording.put(CAMERA, 0, message(0))
    wait(lambda: recording.written[CAMERA] == 1)
    recording.put('/unknown', 1, message(1))
    wait(lambda: recording.problem)
    assert 'unexpected KeyError' in recording.problem
    assert recording.put(CAMERA, 2, message(2)) is False
    recording.close()
    assert read(recording.path) == [(CAMERA, 0, message(0))]


def test_putting_from_several_threads(tmp_path: Path) -> None:
    """Frames and poses may come from different threads; the sum is right."""
    recording = recorder(tmp_path / 'drive')
    threads = [
        threading.Thread(
            target=lambda topic=topic: [
                recording.put(topic, number, b'\0' * 100) for number in range(500)
            ]
        )
        for topic in TOPICS
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    recording.close()
    assert recording.written == dict.fromkeys(TOPICS, 500)


def test_bag_info_recovers(tmp_path: Path) -> None:
    """It says so, and afterwards there is nothing left to do."""
    recording = recorder(tmp_path / 'drive')
    recording.put(CAMERA, 1, message(1))
    recording.close()
    (recording.path / 'metadata.yaml').unlink()
    lines = dict(describe(recording.path))
    assert lines['recovered'] == '1 message; metadata.yaml was missing, and is written'
    assert 'recovered' not in dict(describe(recording.path))


def test_a_folder_of_what_is_no_database(tmp_path: Path) -> None:
    """It cannot be recovered, since it cannot be read; nothing was to be written."""
    (tmp_path / 'bag').mkdir()
    (tmp_path / 'bag' / 'bag_0.db3').write_bytes(b'no database, but long enough for a header' * 9)
    with pytest.raises(SourceError) as caught:
        finish(tmp_path / 'bag')
    assert str(caught.value) == f'{tmp_path / "bag"}: cannot be recovered (file is not a database)'
