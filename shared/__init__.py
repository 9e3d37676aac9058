"""What both sides of Shelftalk use: events, settings, tables, prompts, facts, scores."""
