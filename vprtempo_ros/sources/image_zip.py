"""Extracting images from untrusted zip files."""

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
# PNG and JPEG hardly compress further: a higher ratio means that the file is something else.
_MOST_COMPRESSED = 50
_MOST_MEMBERS = 1_000_000
_STARTS = (b'\x89PNG\r\n\x1a\n', b'\xff\xd8\xff')
_CHUNK = 1 << 20


def open_zip(path: Path) -> ZipFile:
    """
    Return the opened zip file.

    :raises SourceError: if it is not a zip file, is incomplete, or has too many members.
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
    Check the header of a member before reading its content.

    :raises SourceError: unless it is a plain file with a size and compression ratio of an image.
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
            f'{where}: expands from {info.compress_size} to {info.file_size} bytes, '
            'as no image does; not extracted'
        )


def check_space(folder: Path, size: int) -> None:
    """
    Check that the disk of a folder has `size` bytes free.

    :raises SourceError: if it does not.
    """
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if free < size:
        raise SourceError(
            f'{folder}: {size / 1e9:.2f} GB are needed, {free / 1e9:.2f} GB are free '
            'on its disk: make room, or choose fewer --seasons'
        )


def take_out(archive: ZipFile, info: ZipInfo, target: Path) -> None:
    """
    Write an image next to `target` and rename it, so that `target` is complete once it exists.

    :raises SourceError: if the member is damaged or not a PNG or JPEG, or the disk fails.
    """
    part = target.with_name(target.name + '.part')
    try:
        with part.open('wb') as sink:
            sink.writelines(_contents(archive, info))
        os.replace(part, target)
    except OSError as error:
        raise SourceError(
            f'{target}: cannot be written ({error.strerror}); run it again to continue'
        ) from None
    finally:
        part.unlink(missing_ok=True)


def _contents(archive: ZipFile, info: ZipInfo) -> Iterator[bytes]:
    """
    Yield the content of an image in chunks.

    :raises SourceError: if the member is damaged or not a PNG or JPEG.
    """
    left = info.file_size
    try:
        with archive.open(info) as source:
            # Read at most one byte more than claimed; the last read also checks the checksum.
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
    except Exception as error:  # Each compression method raises its own errors for damage.
        raise SourceError(
            f'{archive.filename}: {info.filename!r} is damaged ({error}): download '
            'the zip again, then run this again; images that are complete are kept'
        ) from None
