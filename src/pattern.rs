//! Shell-style patterns: Python's `fnmatch` and the name patterns of `supervisorctl`.
