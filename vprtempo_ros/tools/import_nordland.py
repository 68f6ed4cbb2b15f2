"""
import_nordland: the downloaded zips of the Nordland data set become folders of equal names.

OUT/train/summer/images-00000.png and so on: a folder for each season, in which equal names are
the same place, as `images_to_bag`, `evaluate` and `make demo DATA=OUT/train` take them. names.txt
beside them names what all seasons have. Started again, it goes on where it was.
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
from .bar import Bar
from .command import guarded


class Frame(NamedTuple):
    """A frame in a zip."""

    archive: ZipFile
    info: ZipInfo


def zips_in(sources: Sequence[Path]) -> list[Path]:
    """
    Return the zips that are named, and those in folders that are named.

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


def frames_in(archives: Sequence[ZipFile], seasons: Sequence[str]) -> dict[Member, Frame]:
    """
    Return every frame of the seasons, by where it belongs.

    :raises SourceError: if there are none, one is not what images are, or two claim one place.
    """
    frames: dict[Member, Frame] = {}
    for archive in archives:
        path = Path(str(archive.filename))
        for info in archive.infolist():
            member = None if info.is_dir() else member_of(info.filename, path.name)
            if member is None or member.season not in seasons:
                continue
            check_member(path, info)
            other = frames.setdefault(member, Frame(archive, info))
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


def extract(frames: dict[Member, Frame], out: Path) -> int:
    """
    Write all frames that are not there yet; return how many these were.

    :raises SourceError: if another file is in the way, there is no room, or a zip is damaged.
    """
    missing: dict[Member, Frame] = {}
    for member, frame in frames.items():
        target = out.joinpath(*member)
        if not target.exists() and not target.is_symlink():
            missing[member] = frame
        elif not target.is_file() or target.stat().st_size != frame.info.file_size:
            raise SourceError(
                f'{target}: is in the way, and not the frame from the zip; nothing '
                'is overwritten: move it away, or choose another OUT'
            )
    check_space(out, sum(frame.info.file_size for frame in missing.values()))
    with Bar() as bar:
        for number, (member, frame) in enumerate(missing.items(), start=1):
            target = out.joinpath(*member)
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise SourceError(f'{target.parent}: cannot be made ({error.strerror})') from None
            take_out(frame.archive, frame.info, target)
            bar(f'{member.part}/{member.season}', number, len(missing))
    return len(missing)


def by_season(frames: dict[Member, Frame], part: str) -> dict[str, set[str]]:
    """Return the names that each season of a part has, in the order of the year."""
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
    """Return a line for each season: how many frames it has, and which it lacks."""
    everywhere = set.union(*seasons.values())
    lines = []
    for season, names in seasons.items():
        line = f'{part}/{season}: {len(names)} frames'
        if part in PUBLISHED:
            line += f' of {PUBLISHED[part]} published'
        if lacking := everywhere - names:
            line += f'; other seasons also have {shortened(lacking)}'
        if lacking := set(listed) - names:
            line += (
                f'; {len(lacking)} of the {len(listed)} in the list are missing: '
                f'{shortened(lacking)}'
            )
        lines.append(line)
    return lines


def write_names(folder: Path, names: Sequence[str]) -> str:
    """Write names.txt beside the seasons, unless another is there; return what was done."""
    file, text = folder / 'names.txt', ''.join(f'{name}\n' for name in names)
    try:
        if file.exists() and file.read_text(encoding='utf-8', errors='replace') != text:
            return f'{file} is there and differs: remove it to have it written anew'
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
    parser.add_argument(
        'zips', type=Path, nargs='+', help='the zips, or the folder they were downloaded to'
    )
    parser.add_argument('out', type=Path, help='folder to arrange the frames in')
    parser.add_argument(
        '--seasons',
        nargs='+',
        choices=SEASONS,
        default=list(SEASONS),
        help='seasons to take out (default: all)',
    )
    parser.add_argument(
        '--names',
        type=Path,
        metavar='LIST',
        help="upstream's list of the frames to use (nordland_imageNames.txt, or a "
        'CSV): checked, and names.txt has only these',
    )
    given = parser.parse_args(args)

    def work() -> None:
        listed = listed_names(given.names) if given.names else []
        out = user_path(given.out)
        with ExitStack() as stack:
            archives = [stack.enter_context(open_zip(path)) for path in zips_in(given.zips)]
            frames = frames_in(archives, given.seasons)
            new = extract(frames, out)
        print(f'{out}: {len(frames)} frames, {len(frames) - new} of them were there already')
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
            raise ConfigError(f'{given.names}: not all of its frames are there; see above')

    return guarded(work)


if __name__ == '__main__':
    sys.exit(main())
