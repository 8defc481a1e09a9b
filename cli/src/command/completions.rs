//! `fleetrange completions`

use clap::CommandFactory;

use crate::arguments::{Arguments, Completions};
use crate::exit::Code;

/// Prints a completion script.
pub fn run(arguments: &Completions) -> Code {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "fleetrange", &mut script);
    crate::tell::Tell::new(crate::arguments::ErrorFormat::Human, false).answer(&String::from_utf8_lossy(&script));
    Code::Yes
}
