//! supervisord: the shell that meets the kernel.
