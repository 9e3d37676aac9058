"""Measures the model with its whole pipeline, as it serves, on products from a file; no server is needed."""
