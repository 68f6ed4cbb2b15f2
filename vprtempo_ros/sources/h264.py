"""Whether pictures of an h264 stream are missing, by the numbers in the headers of its slices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

_START = b'\0\0\1'
# Types of units of a stream, and bytes of one that are looked at.
_SLICES, _KEY, _SETTINGS = (1, 2, 5), 5, 7
_HEAD = 512
# Profiles whose settings say which colours there are.
_WITH_COLOURS = frozenset((100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135))
_SEPARATE = 3
# Bits of a number in a stream of bits, at most.
_LONGEST = 32


class _Unit(NamedTuple):
    """Type of a unit, whether others depend on it, and its first bytes without escapes."""

    kind: int
    is_reference: bool
    head: bytes


class _Settings(NamedTuple):
    """What is needed of a sequence: bits of a number, bits before it, whether gaps are meant."""

    bits: int
    plane_bits: int
    gaps: bool


class PictureNumbers:
    """
    Follows the numbers of the pictures of one stream.

    A picture on which others depend has the number after that of the last such one, and a key frame
    has 0. A decoder goes on after a missing one with what it has, and images are wrong until the
    next key frame.
    """

    def __init__(self) -> None:
        """Start before the first packet."""
        self._settings: _Settings | None = None
        self._last: int | None = None
        self._pictures = self._undecoded = False

    def undecoded(self) -> None:
        """Count the pictures of the last packet as missing."""
        self._undecoded = self._pictures

    def missing(self, packet: bytes) -> bool:
        """
        Take the next packet, in Annex B; return whether pictures before it are missing.

        False before a key frame with its settings, and where these say that numbers are left out.
        """
        missing, self._pictures = False, False
        for unit in _units(packet):
            try:
                if unit.kind == _SETTINGS:
                    self._settings = _settings(unit.head)
                elif unit.kind in _SLICES:
                    self._pictures = True
                    missing |= self._follows_a_gap(unit)
            except IndexError:
                continue  # Damaged, which the decoder says.
        if self._undecoded and self._pictures:
            missing |= self._last != 0
            self._undecoded = False
        return missing

    def _follows_a_gap(self, unit: _Unit) -> bool:
        settings, last = self._settings, self._last
        if settings is None:
            return False
        number = 0
        if unit.kind != _KEY:
            bits = _Bits(unit.head)
            for _ in range(3):
                bits.unsigned()  # First block, type of slice, number of its settings.
            bits.read(settings.plane_bits)
            number = bits.read(settings.bits)
        if unit.is_reference:
            self._last = number
        if unit.kind == _KEY or last is None or settings.gaps:
            return False
        # Second fields and other slices of a picture, and pictures after one on which none depends,
        # have the same number.
        return number not in (last, (last + 1) % (1 << settings.bits))


class _Bits:
    """Numbers in a stream of bits; IndexError behind its end."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def read(self, count: int) -> int:
        """Return a number of as many bits."""
        value = 0
        for _ in range(count):
            value = value << 1 | self._data[self._at >> 3] >> (7 - (self._at & 7)) & 1
            self._at += 1
        return value

    def unsigned(self) -> int:
        """Return a number in the code of Golomb for those from 0."""
        zeros = 0
        while not self.read(1):
            zeros += 1
            if zeros > _LONGEST:
                raise IndexError
        return (1 << zeros) - 1 + self.read(zeros)

    def signed(self) -> int:
        """Return a number in the code of Golomb for those of either sign."""
        code = self.unsigned()
        return (code + 1) // 2 if code % 2 else -(code // 2)


def _units(packet: bytes) -> Iterator[_Unit]:
    """Yield the units of a packet."""
    at = packet.find(_START)
    while at >= 0:
        begin = at + len(_START)
        at = packet.find(_START, begin)
        end = at if at >= 0 else len(packet)
        if begin < end:
            first = packet[begin]
            head = packet[begin + 1 : min(end, begin + _HEAD)].replace(b'\0\0\3', b'\0\0')
            yield _Unit(first & 31, bool(first >> 5 & 3), head)


def _settings(head: bytes) -> _Settings:
    """Return the settings of a sequence."""
    bits = _Bits(head)
    profile = bits.read(8)
    bits.read(16)
    bits.unsigned()
    plane_bits = 0
    if profile in _WITH_COLOURS:
        colours = bits.unsigned()
        if colours == _SEPARATE:
            plane_bits = 2 * bits.read(1)
        bits.unsigned()
        bits.unsigned()
        bits.read(1)
        if bits.read(1):
            for number in range(12 if colours == _SEPARATE else 8):
                if bits.read(1):
                    _pass_over_scales(bits, 16 if number < 6 else 64)
    number_bits = bits.unsigned() + 4
    order = bits.unsigned()
    if order == 0:
        bits.unsigned()
    elif order == 1:
        bits.read(1)
        bits.signed()
        bits.signed()
        for _ in range(bits.unsigned()):
            bits.signed()
    bits.unsigned()
    return _Settings(min(number_bits, _LONGEST), plane_bits, bool(bits.read(1)))


def _pass_over_scales(bits: _Bits, count: int) -> None:
    """Read a list of scales, whose steps end where one makes the next scale 0."""
    last = 8
    for _ in range(count):
        last = (last + bits.signed()) % 256
        if last == 0:
            return
