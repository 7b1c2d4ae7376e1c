"""Every decision between reading and writing: differences, plans, merges, limits; pure."""
