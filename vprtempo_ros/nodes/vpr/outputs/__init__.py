"""The topics that vpr_node publishes, a module for each kind."""
