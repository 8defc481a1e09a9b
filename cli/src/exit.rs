//! Exit codes: each has a name and a sentence, and nobody uses one for something else.

use std::process::ExitCode;

use lab::expect::Verdict;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The answer is yes; the work is done.
    Yes = 0,
    /// The answer is no: something checked does not hold.
    No = 1,
    /// It could not start, or could not write: usage, a file, a document.
    CannotStart = 2,
    /// Too little evidence for an answer.
    Inconclusive = 3,
    /// The same inputs gave different bits.
    DifferentBits = 4,
    /// Stopped by Ctrl-C; nothing was left behind but the checkpoint, where one was asked for.
    Interrupted = 130,
}

impl From<Verdict> for Code {
    fn from(verdict: Verdict) -> Code {
        match verdict {
            Verdict::Passed => Code::Yes,
            Verdict::Failed => Code::No,
            Verdict::Inconclusive => Code::Inconclusive,
        }
    }
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> ExitCode {
        ExitCode::from(code as u8)
    }
}
