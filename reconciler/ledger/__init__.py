"""The record in Git: append-only runs on a branch of their own; it never touches the user's tree or index.

Git is asked through plumbing alone, so nothing here checks out, stages, forces, runs a hook or repairs.
"""
