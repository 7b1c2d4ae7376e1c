"""What differs per kind of remote resource, one file a kind; pure, and no plug-in framework."""
