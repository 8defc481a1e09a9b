//! What texts in requests may hold (9.3 to 9.5): how many characters, and which. The whole value counts (G-06).

use crate::error::ServiceError;

/// The shape of a text member.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text {
    shortest: usize,
    longest: usize,
    alphabet: Alphabet,
}

/// Which characters a text may hold.
#[derive(Clone, Copy, Debug)]
enum Alphabet {
    Any,
    /// ASCII letters and digits, and these.
    Letters(&'static str),
    Digits,
    /// Hexadecimal digits, and these.
    Hexadecimal(&'static str),
    /// `\p{Graph}` and the space.
    Visible,
    /// `[^\p{Cntrl}]`.
    NoControl,
    /// `[^\p{C}]`: neither control nor format characters, nor private ones.
    NoOther,
    /// `[\p{Upper}\p{Digit}_]`.
    Capitals,
    /// `[\p{L}\p{Z}\p{N}_.:/=+\-@]`.
    Tag,
}

const fn text(shortest: usize, longest: usize, alphabet: Alphabet) -> Text {
    Text { shortest, longest, alphabet }
}

const fn name(longest: usize, beside_letters: &'static str) -> Text {
    text(1, longest, Alphabet::Letters(beside_letters))
}

/// The name of a security profile, behavior, custom metric or dimension, of a thing, thing type or thing group.
pub(crate) const NAME: Text = name(128, ":_-");
/// What Detect calls a device: a client id may be any text.
pub(crate) const DEVICE_NAME: Text = text(1, 128, Alphabet::Any);
/// The id of an audit.
pub(crate) const AUDIT_TASK_ID: Text = name(40, "-");
/// The id of a finding, of a mitigation task, the name of a mitigation action or of a scheduled audit.
pub(crate) const PLAIN_NAME: Text = name(128, "_-");
/// The id of a violation (D-82).
pub(crate) const VIOLATION_ID: Text = name(128, "-");
/// `clientRequestToken` (G-07).
pub(crate) const TOKEN: Text = name(64, "_-");
/// The name of a policy (V-26).
pub(crate) const POLICY_NAME: Text = name(128, "_+=,.@-");
/// The name of a role alias (V-30).
pub(crate) const ROLE_ALIAS: Text = name(128, "_=,@-");
/// An IAM role.
pub(crate) const ROLE_ARN: Text = text(20, 2048, Alphabet::Any);
/// The target of audit notifications.
pub(crate) const NOTIFICATION_TARGET: Text = text(0, 2048, Alphabet::Any);
/// A role alias by its ARN.
pub(crate) const ROLE_ALIAS_ARN: Text = text(1, 2048, Alphabet::Any);
/// An ARN whose length the API leaves open.
pub(crate) const ARN: Text = text(0, usize::MAX, Alphabet::Any);
/// The topic of PUBLISH_FINDING_TO_SNS (7.1).
pub(crate) const TOPIC_ARN: Text = text(1, 350, Alphabet::Any);
/// Where metrics are exported to (D-93).
pub(crate) const EXPORT_TOPIC: Text = text(1, 512, Alphabet::Any);
/// A value of a dimension (D-11).
pub(crate) const TOPIC_FILTER: Text = text(1, 256, Alphabet::Any);
/// The description of a profile or of a suppression.
pub(crate) const DESCRIPTION: Text = text(0, 1000, Alphabet::Visible);
/// The description of a thing type or thing group (V-05).
pub(crate) const REGISTRY_DESCRIPTION: Text = text(0, 2028, Alphabet::Visible);
/// The display name of a custom metric (D-08).
pub(crate) const DISPLAY_NAME: Text = text(0, 128, Alphabet::Visible);
/// Why a violation was judged so (D-86).
pub(crate) const VERIFICATION_DESCRIPTION: Text = text(0, 1000, Alphabet::NoControl);
/// The name of an attribute of a thing or thing group (9.5).
pub(crate) const ATTRIBUTE_NAME: Text = name(128, "_.,@/:#-");
/// Its value.
pub(crate) const ATTRIBUTE_VALUE: Text = text(0, 800, Alphabet::Letters("_.,@/:#=[]-"));
/// A message or reason that goes with the transfer of a certificate (9.5).
pub(crate) const TRANSFER_TEXT: Text = text(0, 128, Alphabet::Any);
/// The id of an account (G-11).
pub(crate) const ACCOUNT: Text = text(12, 12, Alphabet::Digits);
/// The subject of an issuer (V-24).
pub(crate) const ISSUER_SUBJECT: Text = text(0, 1000, Alphabet::Visible);
/// The id of an issuer.
pub(crate) const ISSUER_ID: Text = text(0, 64, Alphabet::Hexadecimal(""));
/// The serial number of an issuer's certificate.
pub(crate) const ISSUER_SERIAL: Text = text(0, 20, Alphabet::Hexadecimal(":"));
/// The id of a job (J-01).
pub(crate) const JOB_ID: Text = name(64, "_-");
/// A job's document, in place.
pub(crate) const JOB_DOCUMENT: Text = text(0, 32_768, Alphabet::Any);
/// Where a job's document lies.
pub(crate) const JOB_DOCUMENT_SOURCE: Text = text(1, 1_350, Alphabet::Any);
/// A job's description, or the comment on an operation on it.
pub(crate) const JOB_COMMENT: Text = text(1, 2028, Alphabet::NoOther);
/// Why a job was canceled (J-13).
pub(crate) const REASON_CODE: Text = text(1, 128, Alphabet::Capitals);
/// What a thing's report about a job names.
pub(crate) const DETAIL_KEY: Text = name(128, ":_-");
/// And what it says of it.
pub(crate) const DETAIL_VALUE: Text = text(1, 1024, Alphabet::NoOther);
/// Where a job's messages are sent.
pub(crate) const NAMESPACE_ID: Text = text(1, usize::MAX, Alphabet::Letters("_-"));
/// A thing group by the id that the service gave it.
pub(crate) const THING_GROUP_ID: Text = name(128, "-");
/// The key of a tag.
pub(crate) const TAG_KEY: Text = text(1, 128, Alphabet::Tag);
/// The value of a tag.
pub(crate) const TAG_VALUE: Text = text(0, 256, Alphabet::Any);

impl Text {
    /// Checks a member's text.
    ///
    /// # Errors
    /// `InvalidRequestException` (G-05) with the member, what it may be, and what was found.
    pub(crate) fn check(self, member: &str, text: &str) -> Result<(), ServiceError> {
        let found = text.chars().count();
        if !(self.shortest..=self.longest).contains(&found) {
            let allowed = match (self.shortest, self.longest) {
                (from, usize::MAX) => format!("at least {from} characters"),
                (from, to) if from == to => format!("{from} characters"),
                (from, to) => format!("{from}..={to} characters"),
            };
            return Err(ServiceError::invalid(format!("{member} must have {allowed}, found {found}")));
        }
        match text.chars().find(|c| !self.alphabet.contains(*c)) {
            None => Ok(()),
            Some(c) => {
                let (alphabet, text) = (self.alphabet.words(), text.escape_debug());
                Err(ServiceError::invalid(format!("{member} may hold {alphabet}, found {c:?} in `{text}`")))
            }
        }
    }

    /// Checks a member that may be absent.
    ///
    /// # Errors
    /// As [`Text::check`].
    pub(crate) fn check_if_given(self, member: &str, text: Option<&str>) -> Result<(), ServiceError> {
        text.map_or(Ok(()), |text| self.check(member, text))
    }

    /// Whether a text has the shape.
    pub(crate) fn allows(self, text: &str) -> bool {
        self.check("", text).is_ok()
    }
}

impl Alphabet {
    fn contains(self, c: char) -> bool {
        match self {
            Alphabet::Any => true,
            Alphabet::Letters(others) => c.is_ascii_alphanumeric() || others.contains(c),
            Alphabet::Digits => c.is_ascii_digit(),
            Alphabet::Hexadecimal(others) => c.is_ascii_hexdigit() || others.contains(c),
            Alphabet::Visible => c == ' ' || !(c.is_control() || c.is_whitespace()),
            Alphabet::NoControl => !c.is_control(),
            Alphabet::NoOther => !(c.is_control() || is_format_or_private(c)),
            Alphabet::Capitals => c.is_uppercase() || c.is_numeric() || c == '_',
            Alphabet::Tag => c.is_alphanumeric() || is_separator(c) || "_.:/=+-@".contains(c),
        }
    }

    fn words(self) -> String {
        match self {
            Alphabet::Any => "any character".to_owned(),
            Alphabet::Letters(others) => format!("letters, digits and `{others}`"),
            Alphabet::Digits => "digits".to_owned(),
            Alphabet::Hexadecimal("") => "hexadecimal digits".to_owned(),
            Alphabet::Hexadecimal(others) => format!("hexadecimal digits and `{others}`"),
            Alphabet::Visible => "visible characters and spaces".to_owned(),
            Alphabet::NoControl => "no control characters".to_owned(),
            Alphabet::NoOther => "no control, format or private characters".to_owned(),
            Alphabet::Capitals => "upper-case letters, digits and `_`".to_owned(),
            Alphabet::Tag => "letters, digits, spaces and `_.:/=+-@`".to_owned(),
        }
    }
}

/// Unicode's categories Cf (without the tags of plane 14) and Co, and its noncharacters.
const fn is_format_or_private(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{180e}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206f}'
        | '\u{e000}'..='\u{f8ff}' | '\u{fdd0}'..='\u{fdef}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{fffe}'..='\u{ffff}' | '\u{f0000}'..='\u{10ffff}')
}

/// Unicode's category Z: white space without the control characters that count as such.
fn is_separator(c: char) -> bool {
    c.is_whitespace() && !c.is_control()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g06_the_whole_value_must_match() {
        assert!(PLAIN_NAME.allows("a_b-9") && PLAIN_NAME.allows(&"x".repeat(128)));
        for bad in ["", "a b", "a\n", "é", &"x".repeat(129)] {
            assert!(!PLAIN_NAME.allows(bad), "{bad:?}");
        }
    }

    #[test]
    fn g05_what_is_wrong_is_said_with_what_is_allowed() {
        let said = |shape: Text, text: &str| shape.check("m", text).expect_err("wrong").message;
        assert_eq!(said(TOKEN, ""), "m must have 1..=64 characters, found 0");
        assert_eq!(said(ACCOUNT, "1"), "m must have 12 characters, found 1");
        assert_eq!(said(NAMESPACE_ID, ""), "m must have at least 1 characters, found 0");
        assert_eq!(said(NAME, "a b"), "m may hold letters, digits and `:_-`, found ' ' in `a b`");
        assert_eq!(
            said(JOB_COMMENT, "x\ny"),
            "m may hold no control, format or private characters, found '\\n' in `x\\ny`"
        );
    }

    #[test]
    fn alphabets_of_other_scripts() {
        assert!(TAG_KEY.allows("Größe /ü") && !TAG_KEY.allows("a\tb") && !TAG_KEY.allows("a#"));
        assert!(REASON_CODE.allows("ÄRGER_1") && !REASON_CODE.allows("no"));
        assert!(JOB_COMMENT.allows("größer 🙂") && !JOB_COMMENT.allows("a\u{200b}b"));
        assert!(DESCRIPTION.allows("groß genug") && !DESCRIPTION.allows("a\u{a0}b"));
    }
}
