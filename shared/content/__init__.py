"""What copy says: which attributes matter, which approved facts join them, and the plan that comes of it."""
