"""Therapies as versioned data: loading, reading, signing."""
