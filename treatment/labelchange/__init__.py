"""When a label changes: what changed and where it says so, versions withdrawn at once, courses moved by a prescriber, people told."""
