"""From similarities to an answer."""
