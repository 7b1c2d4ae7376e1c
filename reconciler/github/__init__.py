"""Reports on GitHub: a comment, an issue, a check, and the files of a workflow step; it decides nothing about channels.

Whatever it finds there was written by anybody: it is compared, and never obeyed or shown.
"""
