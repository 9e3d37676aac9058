"""Alembic migrations; run them with ``shelftalk db upgrade``."""
