"""Taking images out of zips that nobody vouches for."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from zipfile import BadZipFile, ZipFile, ZipInfo

from ..errors import SourceError

# A full HD image without compression has 6 MB.
_LARGEST_IMAGE = 64_000_000
# PNG and JPEG leave nothing to compress; what claims more unfolds into something else.
_MOST_COMPRESSED = 50
_MOST_MEMBERS = 1_000_000
_STARTS = (b'\x89PNG\r\n\x1a\n', b'\xff\xd8\xff')
_CHUNK = 1 << 20


def open_zip(path: Path) -> ZipFile:
    """
    Return an opened zip.

    :raises SourceError: if it is none, or not whole, or has too many members.
    """
    try:
        archive = ZipFile(path)
    except (BadZipFile, NotImplementedError, OSError, ValueError) as error:
        raise SourceError(f'{path}: not a whole zip file ({error}): download it again') from None
    if len(archive.infolist()) > _MOST_MEMBERS:
        archive.close()
        raise SourceError(f'{path}: expected at most {_MOST_MEMBERS} files in a zip')
    return archive


def check_member(path: Path, info: ZipInfo) -> None:
    """
    Check what a zip claims of an image, before anything of it is read.

    :raises SourceError: if it is not a plain file of a size and compression that images have.
    """
    where = f'{path}: {info.filename!r}'
    if stat.S_ISLNK(info.external_attr >> 16):
        raise SourceError(f'{where} is a link; expected an image')
    if info.flag_bits & 1:
        raise SourceError(f'{where} is encrypted; expected the published zips, which are not')
    if not 0 < info.file_size <= _LARGEST_IMAGE:
        raise SourceError(
            f'{where}: expected an image of 1 byte to {_LARGEST_IMAGE // 10**6} MB, '
            f'found {info.file_size} bytes'
        )
    if info.file_size > _MOST_COMPRESSED * max(info.compress_size, 1024):
        raise SourceError(
            f'{where}: unfolds from {info.compress_size} to {info.file_size} bytes, '
            'as no image does; not taken out'
        )


def check_space(folder: Path, size: int) -> None:
    """
    Check that a folder's disk has room.

    :raises SourceError: if it has not.
    """
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(there).free
    if free < size:
        raise SourceError(
            f'{folder}: {size / 1e9:.2f} GB are needed, {free / 1e9:.2f} GB are free '
            'on its disk: make room, or choose fewer --seasons'
        )


def take_out(archive: ZipFile, info: ZipInfo, target: Path) -> None:
    """
    Write an image beside `target` and rename it: what has that name is whole.

    :raises SourceError: if the zip is damaged there, it is no PNG or JPEG, or the disk fails.
    """
    part = target.with_name(target.name + '.part')
    try:
        with part.open('wb') as sink:
            sink.writelines(_contents(archive, info))
        os.replace(part, target)
    except OSError as error:
        raise SourceError(
            f'{target}: cannot be written ({error.strerror}); start this again to go on'
        ) from None
    finally:
        part.unlink(missing_ok=True)


def _contents(archive: ZipFile, info: ZipInfo) -> Iterator[bytes]:
    """
    Yield an image piece by piece.

    :raises SourceError: if the zip is damaged there, or it is no PNG or JPEG.
    """
    left = info.file_size
    try:
        with archive.open(info) as source:
            # Never more than was claimed, whatever comes; the last read checks the checksum.
            while chunk := source.read(min(_CHUNK, left + 1)):
                if left == info.file_size and not chunk.startswith(_STARTS):
                    raise SourceError(f'{archive.filename}: {info.filename!r} is not a PNG or JPEG')
                left -= len(chunk)
                if left < 0:
                    raise BadZipFile('more data than claimed')
                yield chunk
        if left:
            raise BadZipFile('less data than claimed')
    except SourceError:
        raise
    except Exception as error:  # Each way of compression has errors of its own for damage.
        raise SourceError(
            f'{archive.filename}: {info.filename!r} is damaged ({error}): download '
            'the zip again, and start this again: what is there stays'
        ) from None
