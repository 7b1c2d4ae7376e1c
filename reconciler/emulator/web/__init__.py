"""Web messaging as Genesys Cloud offers it: configurations, deployments, CDN, guest sockets and audits.

What the vendor documents is fixed here; what nobody could verify is a setting (`rules.py`).
"""
