"""The serving side: ingest of events, the Celery tasks, the description pipeline and the generation engine."""
