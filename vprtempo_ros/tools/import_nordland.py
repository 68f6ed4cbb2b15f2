"""
import_nordland: extract the zips of the Nordland data set to a folder for each season.

OUT/train/summer/images-00000.png and so on: equal names in the folders are the same place, as
`images_to_bag`, `evaluate` and `make demo DATA=OUT/train` expect. names.txt next to them lists the
names that all seasons have. Run again, it continues where it was interrupted.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple, Sequence
from zipfile import ZipFile, ZipInfo

from ..errors import ConfigError, SourceError
from ..sources.image_zip import check_member, check_space, open_zip, take_out
from ..sources.nordland import PUBLISHED, SEASONS, Member, listed_names, member_of, shortened
from ..support.paths import user_path
from .bar import ProgressBar
from .command import guarded


class ZippedFrame(NamedTuple):
    """A frame in a zip."""

    archive: ZipFile
    info: ZipInfo


def zips_in(sources: Sequence[Path]) -> list[Path]:
    """
    Return the given zips, and those in the given folders.

    :raises SourceError: if there are none.
    """
    found: list[Path] = []
    for source in map(user_path, sources):
        inside = sorted(source.glob('*.zip')) if source.is_dir() else [source]
        if not inside or not inside[0].is_file():
            raise SourceError(
                f'{source}: expected a zip, or a folder with zips like '
                'summer_images_train.zip, found none'
            )
        found += inside
    return found


def frames_in(archives: Sequence[ZipFile], seasons: Sequence[str]) -> dict[Member, ZippedFrame]:
    """
    Return all frames of the seasons by part, season and name.

    :raises SourceError: if there are none, one is not an image, or two different ones have one
        name.
    """
    frames: dict[Member, ZippedFrame] = {}
    for archive in archives:
        path = Path(str(archive.filename))
        for info in archive.infolist():
            member = None if info.is_dir() else member_of(info.filename, path.name)
            if member is None or member.season not in seasons:
                continue
            check_member(path, info)
            other = frames.setdefault(member, ZippedFrame(archive, info))
            if (other.info.CRC, other.info.file_size) != (info.CRC, info.file_size):
                raise SourceError(
                    f'{path}: {info.filename!r} and {other.info.filename!r} of '
                    f'{other.archive.filename} are two images for {"/".join(member)}'
                )
    if not frames:
        raise SourceError(
            f'no frames of {", ".join(seasons)} in the zips; expected paths like '
            'summer_images_train/section1/0.png'
        )
    return frames


def extract(frames: dict[Member, ZippedFrame], out: Path) -> int:
    """
    Write all frames that do not exist yet; return their number.

    :raises SourceError: if a different file exists, the disk is full, or a zip is damaged.
    """
    missing: dict[Member, ZippedFrame] = {}
    for member, frame in frames.items():
        target = out.joinpath(*member)
        if not target.exists() and not target.is_symlink():
            missing[member] = frame
        elif not target.is_file() or target.stat().st_size != frame.info.file_size:
            raise SourceError(
                f'{target}: exists and is not the frame from the zip; no file is '
                'overwritten: move it, or choose another OUT'
            )
    check_space(out, sum(frame.info.file_size for frame in missing.values()))
    with ProgressBar() as bar:
        for number, (member, frame) in enumerate(missing.items(), start=1):
            target = out.joinpath(*member)
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise SourceError(
                    f'{target.parent}: cannot be created ({error.strerror})'
                ) from None
            take_out(frame.archive, frame.info, target)
            bar(f'{member.part}/{member.season}', number, len(missing))
    return len(missing)


def by_season(frames: dict[Member, ZippedFrame], part: str) -> dict[str, set[str]]:
    """Return the names of each season of a part, in the order of the year."""
    return {
        season: names
        for season in SEASONS
        if (
            names := {
                member.name for member in frames if (member.part, member.season) == (part, season)
            }
        )
    }


def check(part: str, seasons: dict[str, set[str]], listed: Sequence[str]) -> list[str]:
    """Return a line for each season: its number of frames, and which are missing."""
    in_any = set.union(*seasons.values())
    lines = []
    for season, names in seasons.items():
        line = f'{part}/{season}: {len(names)} frames'
        if part in PUBLISHED:
            line += f' of {PUBLISHED[part]} published'
        if missing := in_any - names:
            line += f'; other seasons also have {shortened(missing)}'
        if missing := set(listed) - names:
            line += (
                f'; {len(missing)} of the {len(listed)} in the list are missing: '
                f'{shortened(missing)}'
            )
        lines.append(line)
    return lines


def write_names(folder: Path, names: Sequence[str]) -> str:
    """Write names.txt next to the seasons, unless a different one exists; return a message."""
    file, text = folder / 'names.txt', ''.join(f'{name}\n' for name in names)
    try:
        if file.exists() and file.read_text(encoding='utf-8', errors='replace') != text:
            return f'{file} exists and differs: remove it to write it again'
        file.write_text(text, encoding='utf-8')
    except OSError as error:
        raise SourceError(f'{file}: cannot be written ({error.strerror})') from None
    return f'{file}: {len(names)} names that all these seasons have'


def main(args: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(
        prog='import_nordland',
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('zips', type=Path, nargs='+', help='the zips, or the folder with them')
    parser.add_argument('out', type=Path, help='folder to write')
    parser.add_argument(
        '--seasons',
        nargs='+',
        choices=SEASONS,
        default=list(SEASONS),
        help='seasons to extract (default: all)',
    )
    parser.add_argument(
        '--names',
        type=Path,
        metavar='LIST',
        help="upstream's list of the frames to use (nordland_imageNames.txt, or a "
        'CSV): checked; names.txt then has only these',
    )
    given = parser.parse_args(args)

    def work() -> None:
        listed = listed_names(given.names) if given.names else []
        out = user_path(given.out)
        with ExitStack() as stack:
            archives = [stack.enter_context(open_zip(path)) for path in zips_in(given.zips)]
            frames = frames_in(archives, given.seasons)
            new = extract(frames, out)
        print(f'{out}: {len(frames)} frames, {len(frames) - new} of them existed already')
        complete = True
        for part in sorted({member.part for member in frames}):
            seasons = by_season(frames, part)
            print('\n'.join(check(part, seasons, listed)))
            if absent := [season for season in given.seasons if season not in seasons]:
                print(f'{part}: no zip of ' + ', '.join(absent))
            shared = set.intersection(*seasons.values())
            complete = complete and shared >= set(listed)
            print(
                write_names(
                    out / part,
                    [name for name in listed if name in shared] if listed else sorted(shared),
                )
            )
        if not complete:
            raise ConfigError(f'{given.names}: frames are missing; see above')

    return guarded(work)


if __name__ == '__main__':
    sys.exit(main())
