//! The binary `tousu`.

use std::process::ExitCode;

fn main() -> ExitCode {
    tousu::cli::main()
}
