"""Messages between the backend and its worker, over a pipe, without pickle."""

from __future__ import annotations

import json
from dataclasses import asdict
from multiprocessing.connection import Connection

import numpy as np
from numpy.typing import NDArray

from ...config import LavaConfig
from .plan import Tensors

READY = b'ready'


def send_network(connection: Connection, kind: str, config: LavaConfig, tensors: Tensors) -> None:
    """Send the kind of network, its configuration and its arrays, for the worker to start."""
    from safetensors.numpy import save

    connection.send_bytes(json.dumps({'kind': kind, 'config': asdict(config)}).encode())
    connection.send_bytes(
        save({name: np.ascontiguousarray(value) for name, value in tensors.items()})
    )


def receive_network(connection: Connection) -> tuple[str, LavaConfig, Tensors]:
    """Receive the kind of network, its configuration and its arrays."""
    from safetensors.numpy import load

    header = json.loads(connection.recv_bytes())
    return header['kind'], LavaConfig(**header['config']), load(connection.recv_bytes())


def send_vector(connection: Connection, vector: NDArray[np.int32] | None) -> None:
    """Send an int32 vector, or None."""
    connection.send_bytes(b'' if vector is None else vector.tobytes())


def receive_vector(connection: Connection) -> NDArray[np.int32] | None:
    """Receive an int32 vector, or None."""
    data = connection.recv_bytes()
    return np.frombuffer(data, np.int32) if data else None
