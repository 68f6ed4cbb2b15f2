"""Storage files of ROS 1: .bag, version 2.0, read by `rosbags`."""

from __future__ import annotations

from pathlib import Path
from typing import Collection, Iterator

from .ros1 import to_cdr
from .storage import RawMessage, Topic, normal_type


class Ros1File:
    """An open .bag file. Its index is by time: the order of recording is not known."""

    def __init__(self, path: Path) -> None:
        """
        Open the file and read its topics.

        :raises Exception: of any type, if it is damaged, without an index, or no bag.
        """
        from rosbags.rosbag1 import Reader

        self.incomplete = ''
        self._reader = Reader(path)
        self._reader.open()
        self.topics = [
            Topic(each.topic, normal_type(each.msgtype), each.msgcount)
            for each in self._reader.connections
        ]
        empty = not any(topic.messages for topic in self.topics)
        self.start_ns = None if empty else int(self._reader.start_time)

    def recorded(self, topics: Collection[str]) -> Iterator[RawMessage]:
        """Yield the messages of the named topics in the order of their receive times."""
        return self.messages(topics)

    def heads(self, topic: str, size: int) -> Iterator[RawMessage]:
        """Yield the messages of a topic; they are whole, as they are converted."""
        return self.messages([topic])

    def messages(self, topics: Collection[str]) -> Iterator[RawMessage]:
        """Yield the messages of the named topics in the order of their receive times."""
        chosen = [each for each in self._reader.connections if each.topic in topics]
        if not chosen:
            return
        for connection, stamp_ns, data in self._reader.messages(connections=chosen):
            kind = normal_type(connection.msgtype)
            yield RawMessage(connection.topic, kind, int(stamp_ns), to_cdr(bytes(data), kind))

    def close(self) -> None:
        """Close the file."""
        if self._reader.bio:
            self._reader.close()
