"""Reconciler: what runs in Genesys Cloud becomes what a pull request merged, and is proved to be so."""

__version__ = "0.1.0"
