//! What is wrong with a policy document, and where.

use std::fmt;

use crate::error::{Exception, ServiceError};

/// A place in a document's text. Lines and columns count from 1; a column is a character.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column \[characters\], from 1.
    pub column: u32,
    /// Distance from the start of the text \[bytes\].
    pub offset: u32,
}

impl Position {
    /// The place of a byte offset in a text.
    pub(crate) fn of(text: &str, offset: usize) -> Position {
        Locator::new(text).locate(offset)
    }
}

/// Finds the places of ascending offsets in one walk over the text.
pub(crate) struct Locator<'a> {
    text: &'a str,
    at: Position,
}

impl<'a> Locator<'a> {
    pub fn new(text: &'a str) -> Locator<'a> {
        Locator { text, at: Position { line: 1, column: 1, offset: 0 } }
    }

    /// The place of an offset. An offset before the previous one costs a walk from the start.
    pub fn locate(&mut self, offset: usize) -> Position {
        if offset < self.at.offset as usize {
            *self = Locator::new(self.text);
        }
        for character in self.text[self.at.offset as usize..].chars() {
            if self.at.offset as usize >= offset {
                break;
            }
            self.at.offset += character.len_utf8() as u32;
            self.at.column += 1;
            if character == '\n' {
                (self.at.line, self.at.column) = (self.at.line + 1, 1);
            }
        }
        self.at
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// One defect of a policy document (P-01 to P-05). A document with four defects yields four of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    /// What is wrong.
    pub kind: PolicyErrorKind,
    /// JSON pointer of the offending value, for example `/Statement/0/Effect`; empty for the document itself.
    pub path: String,
    /// Where the offending value, or the value that lacks something, begins.
    pub position: Position,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => write!(f, "{}: {}", self.position, self.kind),
            path => write!(f, "{}: {path}: {}", self.position, self.kind),
        }
    }
}

impl std::error::Error for PolicyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.kind)
    }
}

/// The ways in which a policy document can be malformed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyErrorKind {
    /// The text is not JSON (P-01).
    #[error("expected {expected}, found {found}")]
    InvalidJson {
        /// What would have been right.
        expected: &'static str,
        /// What stands there.
        found: String,
    },
    /// More than 2048 characters, white space not counted (P-03, CH-119).
    #[error("a policy may have at most {limit} characters not counting white space, found {found}")]
    TooLong {
        /// The limit \[characters\].
        limit: usize,
        /// What the document has \[characters\].
        found: usize,
    },
    /// More raw text than the API takes (P-03).
    #[error("a policy may have at most {limit} characters, found {found}")]
    RawTextTooLong {
        /// The limit \[characters\].
        limit: usize,
        /// What the document has \[characters\].
        found: usize,
    },
    /// A value of another JSON type than the grammar wants (P-01).
    #[error("expected {expected}, found {found}")]
    WrongType {
        /// What the grammar wants.
        expected: &'static str,
        /// What stands there.
        found: &'static str,
    },
    /// A member that the grammar does not know (P-01).
    #[error("unknown member `{name}`, allowed are {allowed}{}", suggestion(.did_you_mean))]
    UnknownMember {
        /// As written.
        name: String,
        /// The members of this object.
        allowed: &'static str,
        /// The member probably meant.
        did_you_mean: Option<&'static str>,
    },
    /// `Principal` belongs to resource policies, not to IoT policies or identity policies (P-01).
    #[error("`{0}` is not allowed in this kind of policy")]
    PrincipalNotAllowed(String),
    /// The same member twice in one object.
    #[error("member `{0}` appears more than once")]
    DuplicateMember(String),
    /// A required member is absent (P-01).
    #[error("member `{0}` is missing")]
    MissingMember(&'static str),
    /// Neither of a pair of members (P-01).
    #[error("one of `{0}` and `{1}` is required, found neither")]
    NeitherOfPair(&'static str, &'static str),
    /// Both of a pair of members (P-01).
    #[error("only one of `{0}` and `{1}` is allowed, found both")]
    BothOfPair(&'static str, &'static str),
    /// Not one of the two language versions (P-02).
    #[error("version must be `2012-10-17` or `2008-10-17`, found `{0}`")]
    UnknownVersion(String),
    /// Not one of the two effects (P-01).
    #[error("effect must be `Allow` or `Deny`, found `{0}`")]
    UnknownEffect(String),
    /// An action or resource list without entries (P-01).
    #[error("`{0}` must name at least one entry, found none")]
    EmptyList(&'static str),
    /// An empty text where a pattern must stand.
    #[error("an empty text matches nothing; write a name or a pattern")]
    EmptyText,
    /// An action without its service (P-05).
    #[error("an action has the form `service:Name`, found `{0}`")]
    ActionWithoutService(String),
    /// A condition operator that does not exist (P-19).
    #[error("unknown condition operator `{name}`{}", suggestion(.did_you_mean))]
    UnknownOperator {
        /// As written.
        name: String,
        /// The operator probably meant.
        did_you_mean: Option<&'static str>,
    },
    /// A condition value that its operator cannot compare with (P-19).
    #[error("`{operator}` compares with {expected}, found `{found}`")]
    BadConditionValue {
        /// The operator.
        operator: String,
        /// What its values look like.
        expected: &'static str,
        /// As written.
        found: String,
    },
}

fn suggestion(did_you_mean: &Option<&'static str>) -> String {
    did_you_mean.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

/// The exception that `CreatePolicy` and `CreatePolicyVersion` answer with: `MalformedPolicyException`, naming every
/// defect with its place (P-01, CH-119).
pub fn malformed(errors: &[PolicyError]) -> ServiceError {
    let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
    ServiceError::new(Exception::MalformedPolicy, lines.join("; "))
}
