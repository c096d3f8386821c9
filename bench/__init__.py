"""Measurements on demand: `make bench` and `make bench-scale`. They never assert; a person reads `docs/performance.md`."""
