"""What the readers of storage files have in common."""

from __future__ import annotations

from typing import Collection, Iterator, NamedTuple, Protocol


class Topic(NamedTuple):
    """A topic of a bag: name, type (always with /msg/), number of messages."""

    name: str
    type: str
    messages: int


class RawMessage(NamedTuple):
    """A message as stored in the bag: topic, type, receive time in ns, CDR bytes."""

    topic: str
    type: str
    stamp_ns: int
    data: bytes


class Storage(Protocol):
    """
    An open storage file.

    `topics` may name a topic twice. `start_ns` is the first receive time, or None without
    messages. `incomplete` says what is missing at the end of the file; empty for a whole file.
    Errors of any type mean damage, except `SourceError`.
    """

    topics: list[Topic]
    start_ns: int | None
    incomplete: str

    def recorded(self, topics: Collection[str]) -> Iterator[RawMessage]:
        """Yield the messages of the named topics in the order in which they were recorded."""

    def heads(self, topic: str, size: int) -> Iterator[RawMessage]:
        """Yield the messages of a topic as `recorded`, with at least `size` bytes of each."""

    def messages(self, topics: Collection[str]) -> Iterator[RawMessage]:
        """Yield the messages of the named topics in the order of their receive times."""

    def close(self) -> None:
        """Close the file."""


def normal_type(name: str) -> str:
    """Return a message type's name with /msg/, which some recorders leave out."""
    package, _, message = name.partition('/')
    return name if message.startswith('msg/') or not message else f'{package}/msg/{message}'


ZSTD_MAGIC = b'\x28\xb5\x2f\xfd'
"""Begin of a message that rosbag2 compressed; CDR never begins like this."""


def signed_ns(time: int) -> int:
    """Return a time stored as unsigned nanoseconds, which a recorder may have wrapped below 0."""
    return time - (1 << 64) if time >= 1 << 63 else time
