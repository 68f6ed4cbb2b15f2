"""
ONNX files, before onnxruntime gets them: size, and that they name no other files.

onnxruntime also reads the weights of a model given as bytes from other files if it names some, from
the working directory. A network that came with a map must not do that, so the fields of the file
that can name one are looked at first. Numbers of fields: onnx.proto (github.com/onnx/onnx).
"""

from __future__ import annotations

from typing import Iterator

from ..errors import ConfigError
from ..support.paths import user_path

# A larger file is not the embedding of an image; protobuf has the same limit.
_LARGEST = (2 << 30) - 1
# For each message the fields that contain messages in which a tensor can be.
_CHILDREN: dict[str, dict[int, str]] = {
    'model': {7: 'graph', 25: 'function'},
    'graph': {1: 'node', 5: 'tensor', 15: 'sparse'},
    'function': {7: 'node'},
    'node': {5: 'attribute'},
    'attribute': {5: 'tensor', 6: 'graph', 10: 'tensor', 11: 'graph', 22: 'sparse', 23: 'sparse'},
    'sparse': {1: 'tensor', 2: 'tensor'},
    'tensor': {},
}
# TensorProto.external_data.
_EXTERNAL_DATA = 13
# Wire types of protobuf.
_VARINT, _EIGHT_BYTES, _LENGTH, _FOUR_BYTES = 0, 1, 2, 5


def read_model(path: str) -> bytes:
    """
    Return the content of an ONNX file.

    :raises ConfigError: if there is none, it cannot be read, or its weights are in other files.
    """
    if not path:
        raise ConfigError(
            'encoding.descriptor.model: expected an ONNX file for encoder descriptor, found none'
        )
    file = user_path(path)
    try:
        if file.stat().st_size > _LARGEST:
            raise ConfigError(f'encoding.descriptor.model: {file}: larger than {_LARGEST} bytes')
        content = file.read_bytes()
    except OSError as error:
        raise ConfigError(
            f'encoding.descriptor.model: {file}: cannot be read ({error.strerror})'
        ) from None
    if has_external_data(content):
        raise ConfigError(
            f'encoding.descriptor.model: {file}: expected a file with its weights inside, found '
            'weights in other files; save it again without external data'
        )
    return content


def has_external_data(content: bytes) -> bool:
    """Return whether a tensor of the model is in another file; False if it is no model."""
    waiting = [('model', memoryview(content))]
    try:
        while waiting:
            kind, message = waiting.pop()
            for number, value in _fields(message):
                if kind == 'tensor' and number == _EXTERNAL_DATA:
                    return True
                child = _CHILDREN[kind].get(number)
                if child is not None and value is not None:
                    waiting.append((child, value))
    except ValueError:
        # onnxruntime refuses it, and says why.
        return False
    return False


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview | None]]:
    """
    Yield number and content of the fields of a protobuf message; None for numbers.

    :raises ValueError: if it is none.
    """
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, wire = key >> 3, key & 7
        if wire == _VARINT:
            _, at = _varint(message, at)
            yield number, None
            continue
        if wire == _LENGTH:
            length, at = _varint(message, at)
        elif wire in (_EIGHT_BYTES, _FOUR_BYTES):
            length = 8 if wire == _EIGHT_BYTES else 4
        else:
            raise ValueError(f'wire type {wire}')
        if at + length > len(message):
            raise ValueError('cut off')
        yield number, message[at : at + length] if wire == _LENGTH else None
        at += length


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """Return a number of variable length, and where it ends."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            break
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError('a number without an end')
