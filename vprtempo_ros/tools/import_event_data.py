"""
import_event_data: poses of the public event data sets, as files next to their recordings.

Knows Brisbane-Event-VPR (bags and NMEA), NSAVP (HDF5) and NYC-Event-VPR (.raw and CSV) by the names
of their files, as published. Recordings are read where they are; each gets a file with its name and
the suffix .csv in OUT, for poses.file. Run again, it continues where it was interrupted.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import Sequence

from ..errors import SourceError
from ..sources.event_data_sets import BRISBANE, Recording, recordings_in, table_of
from ..support.paths import user_path
from .command import guarded


def write_poses(recording: Recording, out: Path) -> tuple[Path, list[str]]:
    """
    Write the poses of a recording, unless the same file exists; return its path and notes.

    :raises SourceError: if they cannot be read or written, or a different file exists.
    """
    if not recording.source.is_file():
        raise SourceError(
            f'{recording.path}: expected its poses in {recording.source.name}, which is missing: '
            'download it too'
        )
    rows, notes = recording.rows()
    if not rows:
        raise SourceError(f'{recording.source}: expected poses, found none')
    target, text = out / f'{recording.path.stem}.csv', table_of(rows)
    try:
        out.mkdir(parents=True, exist_ok=True)
        if target.exists():
            if target.read_text(encoding='utf-8', errors='replace') != text:
                raise SourceError(
                    f'{target}: exists and differs; no file is overwritten: move it, or choose '
                    'another OUT'
                )
        else:
            part = target.with_name(f'.{target.name}.part')
            part.write_text(text, encoding='utf-8')
            part.replace(target)
    except OSError as error:
        raise SourceError(f'{target}: cannot be written ({error.strerror})') from None
    first, last = rows[0][0], rows[-1][0]
    return target, [f'{len(rows)} poses from {first * 1e-9:.2f} to {last * 1e-9:.2f} s', *notes]


def missing_in(recordings: Sequence[Recording]) -> list[str]:
    """Return a line for each data set of which published recordings are missing."""
    bags = {each.path.stem for each in recordings if each.path.stem in BRISBANE}
    missing = sorted(set(BRISBANE) - bags)
    if not bags or not missing:
        return []
    return [
        f'Brisbane-Event-VPR: {len(bags)} of {len(BRISBANE)} published bags; missing: '
        + ', '.join(missing)
    ]


def main(args: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(
        prog='import_event_data',
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('folder', type=Path, help='folder with the files as downloaded')
    parser.add_argument('out', type=Path, help='folder to write the poses to')
    given = parser.parse_args(args)

    def work() -> int:
        folder, out = user_path(given.folder), user_path(given.out)
        if not folder.is_dir():
            raise SourceError(f'{folder}: expected a folder with a data set, found none')
        recordings = recordings_in(folder)
        if not recordings:
            raise SourceError(
                f'{folder}: expected files like {next(iter(BRISBANE))}.bag (Brisbane-Event-VPR), '
                'R0_FA0_dvxplorer_left.h5 (NSAVP) or data_2022-12-06_18-27-24.raw (NYC-Event-VPR, '
                'unzipped), found none'
            )
        twice = [name for name, n in Counter(e.path.stem for e in recordings).items() if n > 1]
        if twice:
            raise SourceError(f'{folder}: there are two recordings {twice[0]}: name one folder')
        failed = 0
        for recording in recordings:
            try:
                target, notes = write_poses(recording, out)
            except SourceError as error:
                failed += 1
                print(f'error: {error}', file=sys.stderr)
                continue
            print(f'{recording.data_set}: {recording.path}\n  {target}: ' + '; '.join(notes))
        for line in missing_in(recordings):
            print(line)
        if failed < len(recordings):
            print(
                "to train: input.type: events, bags: one of these recordings, poses.file: '"
                + str(out.absolute() / '{name}.csv')
                + "'"
            )
        return 1 if failed else 0

    return guarded(work)


if __name__ == '__main__':
    sys.exit(main())
