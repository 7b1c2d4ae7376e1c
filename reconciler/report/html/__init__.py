"""Documents as pages that open offline: templates that escape by themselves, and what fills them."""
