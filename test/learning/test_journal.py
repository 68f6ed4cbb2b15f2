"""The journal of learnt places: what is whole is read, of a damaged one too."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support import PATIENCE

from vprtempo_ros.errors import MapError
from vprtempo_ros.frames import Pose
from vprtempo_ros.learning import journal
from vprtempo_ros.learning.journal import JournalHead, JournalWriter, LearntFrame, read_journal
from vprtempo_ros.statistics import Statistics

HEAD = JournalHead('digest', 'source', 3, 16)


def frame(number: int) -> LearntFrame:
    """Return a frame, every third of a place that has changed."""
    spikes = np.random.default_rng(number).integers(0, 256, (3, 16), dtype=np.uint8)
    light = Statistics(np.full(16, 100.5, np.float32), np.full(16, 3.25, np.float32))
    if number % 3 == 2:
        return LearntFrame(number, str(number), spikes, light, place=number)
    pose = Pose((1.0, 2.0, 3.0), (0.0, 0.0, 0.0, 1.0), 'map') if number % 2 else None
    return LearntFrame(number, str(number), spikes, light, 0, None, True, pose, b'jpeg')


def written(file: Path, count: int = 6) -> bytes:
    """Write a journal and return its content."""
    writer = JournalWriter(file, HEAD)
    assert all(writer.add(frame(number)) for number in range(count))
    writer.close()
    assert (writer.written, writer.size, writer.problem) == (count, file.stat().st_size, '')
    return file.read_bytes()


def same(one: LearntFrame, other: LearntFrame) -> bool:
    """Compare two frames."""
    arrays = ((each.spikes, *each.light) for each in (one, other))
    plain = [
        (each.stamp_ns, each.name, each.branch, each.place, each.repeat, each.pose, each.thumbnail)
        for each in (one, other)
    ]
    return plain[0] == plain[1] and all((a == b).all() for a, b in zip(*arrays))


def wait_until(done: Callable[[], bool]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """With all that belongs to a frame; a journal that is there is never written over."""
    file = tmp_path / 'journal'
    written(file)
    head, frames, cut = read_journal(file)
    assert (head, cut) == (HEAD, 0)
    assert all(same(found, frame(number)) for number, found in enumerate(frames))
    with pytest.raises(MapError, match=r'journal: cannot be written \(File exists\)$'):
        JournalWriter(file, HEAD)


def test_cut_or_damaged_anywhere(tmp_path: Path) -> None:
    """The frames before it are read, and nothing of it; without its beginning it is none."""
    file = tmp_path / 'journal'
    data = written(file)
    rng = random.Random(5)
    for _ in range(200):
        at = rng.randrange(len(data))
        damaged = data[:at]
        if rng.random() < 0.5:
            damaged = data[:at] + bytes([data[at] ^ (1 + rng.randrange(255))]) + data[at + 1 :]
        file.write_bytes(damaged)
        try:
            head, frames, cut = read_journal(file)
        except MapError as error:
            assert str(error) == f'{file}: not a journal of learnt places'
            continue
        assert head == HEAD and cut == len(damaged) - (len(damaged) - cut)
        assert len(frames) < 6 and all(same(each, frame(n)) for n, each in enumerate(frames))


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It stops with one line; what was written before is whole."""
    file = tmp_path / 'journal'
    writer = JournalWriter(file, HEAD)

    def fail(self: JournalWriter, records: list[bytes]) -> None:
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(JournalWriter, '_write', fail)
    writer.add(frame(0))
    writer.close()
    assert writer.problem == (
        f'{file}: cannot be written (No space left on device), so learning has stopped; what was '
        'learnt before is kept'
    )
    assert not writer.add(frame(1))
    assert read_journal(file) == (HEAD, [], 0)


def test_frames_are_in_the_file_before_they_are_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that is killed while it waits for the disk loses none; all are on it at the end."""
    file, under_way, disk = tmp_path / 'journal', threading.Event(), threading.Event()
    writer = JournalWriter(file, HEAD)

    def sync(number: int) -> None:
        under_way.set()
        assert disk.wait(PATIENCE)

    monkeypatch.setattr(journal.os, 'fsync', sync)
    assert writer.add(frame(0)) and under_way.wait(PATIENCE)
    for number in range(1, 5):
        assert writer.add(frame(number))
    wait_until(lambda: len(read_journal(file)[1]) == 5)
    assert (writer.written, writer.problem) == (0, '')
    disk.set()
    writer.close()
    assert writer.written == 5


def test_a_disk_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be made safe is not counted, and stops it with one line."""
    writer = JournalWriter(tmp_path / 'journal', HEAD)

    def fail(number: int) -> None:
        raise OSError(5, 'Input/output error')

    monkeypatch.setattr(journal.os, 'fsync', fail)
    assert writer.add(frame(0))
    writer.close()
    assert writer.written == 0 and '(Input/output error), so learning has stopped' in writer.problem


def test_a_slow_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for it is bounded."""
    monkeypatch.setattr(journal, '_BUFFER', 100)
    writer = JournalWriter(tmp_path / 'journal', HEAD)
    assert not writer.add(frame(0))
    assert 'the disk is too slow' in writer.problem
    writer.close()
