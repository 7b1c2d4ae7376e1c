"""The remote API: requests, retries, tokens and errors; it knows no channel file and makes no plan."""
