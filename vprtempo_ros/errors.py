"""The project's exceptions: every one carries a single line that a user can act on."""


class VprError(Exception):
    """Base of all errors that this package raises for a user's mistake or for bad input."""


class ConfigError(VprError):
    """A setting is missing, unknown or out of range."""


class SourceError(VprError):
    """A bag or a folder of images cannot be used."""


class TopicTypeError(SourceError):
    """A topic has messages of another type than the settings say."""


class ImageError(VprError):
    """An image message or file does not hold what it claims to hold."""


class MapError(VprError):
    """A map cannot be built, saved, loaded or trusted."""


class EventError(VprError):
    """An event packet does not hold what it claims to hold, or does not fit the stream."""


class BackendError(VprError):
    """A backend is unknown, cannot be imported or cannot run the map's network."""


class TeachingError(VprError):
    """A recording cannot be begun, ended or cancelled as things are."""
