//! Templates, recipes and pages, compiled in: the one table.
