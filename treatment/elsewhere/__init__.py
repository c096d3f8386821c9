"""People who come mid-course: what was given elsewhere, body measures, and the counters that depend on both."""
