"""The proof that nothing is lost: hostile schedules, judged from the remote's own log.

`world` is a remote, a wire and a clock in one process; `schedules` makes what goes wrong from a seed; `play` lets
the tool meet it; `judge` reads the remote's log and says which promise was broken. `python -m proof` runs as many
schedules as one likes.
"""
