"""Packets of a video as images, in the order of recording: each depends on those before it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Iterator, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..arrays import Numbers
from ..errors import ImageError, SourceError
from ..frames import BGR, GREY, Image
from ..support.several import several
from .cdr import COMPRESSED_VIDEO, FFMPEG_PACKET, Message
from .h264 import PictureNumbers

if TYPE_CHECKING:
    import av
    from av.video.codeccontext import VideoCodecContext

VIDEO_TYPES = (FFMPEG_PACKET, COMPRESSED_VIDEO)
"""Types of messages that are packets of a video; those of CompressedImage may be, too."""
# Part of the name of an encoder, or of a format, and the codec.
_CODECS = {
    '264': 'h264',
    '265': 'hevc',
    'hevc': 'hevc',
    'av1': 'av1',
    'vp8': 'vp8',
    'vp9': 'vp9',
    'mjpeg': 'mjpeg',
}
# FFmpeg's own decoder of av1 is for accelerators only.
_DECODERS = {'av1': 'libdav1d'}
# Codecs whose packets have no numbers, and the step between packets, in times the common one, from
# which on some may be missing.
_UNNUMBERED, _GAP = ('vp8', 'vp9'), 1.75
# Pixels of a frame. Packets that a decoder keeps before their images come; 16 in h264 and hevc.
_MAX_PIXELS, _WAITING = 1 << 26, 32
NO_IMAGE = 'no image came of a packet of video: those that it depends on are missing'
"""Why a packet is left out, as those before the first key frame are."""


class Packet(NamedTuple):
    """A packet of a video: decoder, and bytes."""

    codec: str
    data: bytes


def is_video(name: str) -> bool:
    """Return whether the format of a CompressedImage is that of a video."""
    first = name.partition(';')[0].strip().lower()
    return _codec(first) not in ('', 'mjpeg')


def read_packet(message: Message, type_name: str) -> Packet:
    """
    Return the packet in a message.

    :raises ImageError: if its codec is not known.
    """
    name = message.encoding if type_name == FFMPEG_PACKET else message.format
    codec = _codec(name.partition(';')[0].strip().lower())
    if not codec:
        raise ImageError(
            f'expected video of {", ".join(sorted(set(_CODECS.values())))}, found {name[:40]!r}'
        )
    return Packet(codec, bytes(message.data))


def _codec(name: str) -> str:
    return next((codec for part, codec in _CODECS.items() if part in name), '')


def check_library(path: Path) -> None:
    """
    Check that a recording of video can be decoded.

    :raises SourceError: if PyAV is not installed.
    """
    try:
        import av  # noqa: F401
    except ImportError:
        raise SourceError(f'{path}: holds video, which needs PyAV: pip install av') from None


class VideoDecoder:
    """
    Decodes the packets of a topic one after the other.

    Memory is bounded by what the codec keeps, and by _MAX_PIXELS for a frame.
    """

    def __init__(self) -> None:
        """Start without a codec, which the first packet names."""
        self._codec = ''
        self._context: VideoCodecContext | None = None
        self._numbers = PictureNumbers()
        self._waiting: list[int] = []

    def gaps(self, times: NDArray[np.int64]) -> list[str]:
        """
        Return a line if packets may be missing of which the decoder cannot know.

        :param times: int64 ns (packets,), when images were taken.
        """
        steps = np.diff(np.sort(times))
        if self._codec not in _UNNUMBERED or not len(steps):
            return []
        gaps = int(np.count_nonzero(steps > _GAP * np.median(steps)))
        if not gaps:
            return []
        return [
            f'{several(gaps, "gap")} between packets of {self._codec}, which have no numbers: if '
            'packets were lost there, images are wrong until the next key frame; h264, h265 and '
            'av1 leave such images out'
        ]

    def decode(self, number: int, packet: Packet) -> Iterator[tuple[int, Image | str]]:
        """
        Yield numbers of packets and their images, or why there is none, for a further packet.

        A packet of another codec ends the video before it, and begins a new one.
        """
        import av

        if not packet.data:
            # For a decoder that is the end.
            yield number, 'expected a packet of video, found 0 bytes'
            return
        if packet.codec != self._codec:
            yield from self.end()
            self._codec = ''
            try:
                self._context = _context(packet.codec)
            except (av.error.FFmpegError, ValueError):
                yield number, f'this PyAV has no decoder of {packet.codec}'
                return
            self._codec = packet.codec
            self._numbers = PictureNumbers()
        assert self._context is not None
        # The decoders of h265 and av1 look for what is missing themselves.
        if packet.codec == 'h264' and self._numbers.missing(packet.data):
            yield from self._rest()
            self._context.flush_buffers()
        packed = av.Packet(packet.data)
        packed.pts = number
        try:
            frames = self._context.decode(packed)
        except (av.error.FFmpegError, ValueError) as error:
            self._numbers.undecoded()
            yield number, f'a packet of {self._codec} does not decode ({_reason(error)})'
            return
        self._waiting.append(number)
        yield from self._images(frames)
        while len(self._waiting) > _WAITING:
            yield self._waiting.pop(0), NO_IMAGE

    def end(self) -> Iterator[tuple[int, Image | str]]:
        """Yield what is left at the end of a video."""
        yield from self._rest()
        self._context = None

    def _rest(self) -> Iterator[tuple[int, Image | str]]:
        """Yield what is left of the packets so far."""
        import av

        if self._context is not None:
            try:
                yield from self._images(self._context.decode(None))
            except (av.error.FFmpegError, ValueError):
                pass  # What has no image is counted.
        while self._waiting:
            yield self._waiting.pop(0), NO_IMAGE

    def _images(self, frames: list[av.VideoFrame]) -> Iterator[tuple[int, Image | str]]:
        for frame in frames:
            # A field of an image, or a second image of a packet, has no number of its own.
            if frame.pts not in self._waiting:
                continue
            self._waiting.remove(frame.pts)
            if frame.is_corrupt:
                yield frame.pts, NO_IMAGE
            else:
                yield frame.pts, _image(frame)


def _context(codec: str) -> VideoCodecContext:
    from av.codec import CodecContext

    context = CodecContext.create(_DECODERS.get(codec, codec), 'r')
    context.options = {'max_pixels': str(_MAX_PIXELS)}
    # Threads that each take a frame would hold back as many images.
    context.thread_type = 'SLICE'
    return context


def _image(frame: av.VideoFrame) -> Image:
    """Return BGR of 8 bits, or grey of the depth of grey video."""
    if frame.format.name.startswith('gray') and frame.format.components[0].bits > 8:
        return Image(_pixels(frame, 'gray16le')[..., np.newaxis], GREY)
    return Image(_pixels(frame, 'bgr24'), BGR)


def _pixels(frame: av.VideoFrame, name: str) -> Numbers:
    return np.ascontiguousarray(frame.to_ndarray(format=name))


def _reason(error: Exception) -> str:
    return str(getattr(error, 'strerror', '') or error)[:100]
