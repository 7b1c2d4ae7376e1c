"""TLS and WebSocket checks of endpoints, as a browser would open them.

Nothing here sends a secret, follows a redirect, uses a proxy, or lets a bad certificate pass.
"""
