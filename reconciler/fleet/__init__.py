"""Many organisations, one run each, in a process that holds the credentials of that organisation alone."""
