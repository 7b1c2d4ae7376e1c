"""The verbs of the journey: load, observe, apply, verify, record; they hold several I/O rooms at once."""
