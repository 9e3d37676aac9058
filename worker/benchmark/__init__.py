"""Benchmarks of the whole path: ``python -m worker.benchmark NAME OPTIONS``, which ``shelftalk bench`` starts."""
