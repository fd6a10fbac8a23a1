//! The dialect of Python's `RawConfigParser`, in which supervisord.conf is written.
