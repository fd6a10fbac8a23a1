//! A buildout project as a value.
