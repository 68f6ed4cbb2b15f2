"""vpr_node: recognises places live."""
