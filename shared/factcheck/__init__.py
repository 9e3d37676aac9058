"""The fact check: which words of a text are borne out by which fact, and which by none. Start at ``evidence``."""
