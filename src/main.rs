//! One binary, five programs: the name it is called by, or its first word, picks the applet.

fn main() -> std::process::ExitCode {
    supkit::cli::main()
}
