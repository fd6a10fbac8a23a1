//! From a project to files, on paper.
