"""The topics that vpr_node publishes, a file for each kind."""
