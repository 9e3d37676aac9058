"""What copy must not say: rule packs as data, and what they find in a text. Start at ``hits``."""
