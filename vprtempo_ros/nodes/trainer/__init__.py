"""trainer_node: maps from recordings, and from a drive while it happens."""
