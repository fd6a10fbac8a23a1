//! Both programs as real daemons: processes, files, signals and sockets. The rules of supervision themselves are tested in `core`, under a simulated clock.

mod authentication;
mod background;
mod children;
mod duplicates;
mod fastcgi;
mod lifecycle;
mod limits;
mod locale;
mod logs;
mod orphans;
mod pid1;
mod reread;
mod signals;
mod sockets;
mod upstream;
