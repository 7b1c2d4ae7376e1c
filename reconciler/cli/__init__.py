"""Words in, words out: the only printing, prompting and exit codes."""
