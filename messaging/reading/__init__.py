"""Finding, keeping and judging what was written."""
