//! `fleetrange`: know before rollout whether an IoT fleet's defences work.
//!
//! Arguments in, exit code out. Results go to stdout, everything else to stderr.

mod arguments;
mod checkpoint;
mod command;
mod exit;
mod output;
mod progress;
mod tell;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command, ImportCommand};

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // `--help` and `--version` are answers; everything else is a mistake in the arguments.
            let code = if error.use_stderr() { exit::Code::CannotStart } else { exit::Code::Yes };
            let _ = error.print();
            return code.into();
        }
    };
    let tell = tell::Tell::new(arguments.error_format, arguments.quiet);
    let code = match &arguments.command {
        Command::Run(run) => command::run::run(run, &tell),
        Command::Resume(resume) => command::resume::run(resume, &tell),
        Command::Check(check) => command::check::run(check, &tell),
        Command::Test(test) => command::test::run(test, &tell),
        Command::Baseline(baseline) => command::baseline::run(baseline, &tell),
        Command::New(new) => command::new::run(new, &tell),
        Command::Import(ImportCommand::Mud(import)) => command::import::run(import, &tell),
        Command::Verify(verify) => command::verify::run(verify, &tell),
        Command::Report(report) => command::report::run(report, &tell),
        Command::Sweep(sweep) => command::sweep::run(sweep, &tell),
        Command::Tune(tune) => command::tune::run(tune, &tell),
        Command::Compare(compare) => command::compare::run(compare, &tell),
        Command::Chaos(chaos) => command::chaos::run(chaos, &tell),
        Command::Completions(completions) => command::completions::run(completions),
    };
    code.into()
}
