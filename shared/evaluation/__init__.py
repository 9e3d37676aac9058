"""Measures what Shelftalk writes and how well its checks work, on labelled files; needs neither Postgres nor Redis."""
