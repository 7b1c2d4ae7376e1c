"""The record in Git: append-only runs on a branch of their own; it never touches the user's tree or index."""
