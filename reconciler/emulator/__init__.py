"""The embedded remote: the remote API over real TLS sockets, in one process, with misbehaviour on demand.

Webchat channels, the first family, are served by the modules here; web messaging, the second, by `web/`. It
imports nothing else of `reconciler.*`, so that a misreading of the API cannot hide on both sides, and only
the command line starts it; production reaches it as a base URL and a CA file.
"""
