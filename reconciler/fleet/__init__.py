"""Many organisations, one run each, in a process that holds the credentials of that organisation alone."""

SUPERVISED = "RECONCILER_SUPERVISED"
"""Variable of a process whose supervisor holds the other end of its standard input: it ends when that end does."""
