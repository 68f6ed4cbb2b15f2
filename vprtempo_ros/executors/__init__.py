"""Where the recordings of a map are read: in this process, in others, or on a cluster."""
