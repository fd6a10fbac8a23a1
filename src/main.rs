//! One binary with several applets, selected by the program name or the first argument.

fn main() -> std::process::ExitCode {
    supkit::cli::main()
}
