//! The dialect of zc.buildout.
