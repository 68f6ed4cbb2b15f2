"""trainer_node: maps from bags, and from a drive while it happens."""
