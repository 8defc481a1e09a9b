//! What the service answers when it says no: the exceptions of section 1.1, with their HTTP status.

use std::fmt;

use serde::Serialize;

/// The exception names of the service (section 1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[expect(missing_docs, reason = "each variant is the service's own exception name without its suffix")]
pub enum Exception {
    InvalidRequest,
    Throttling,
    TaskAlreadyExists,
    MalformedPolicy,
    CertificateValidation,
    RegistrationCodeValidation,
    InvalidQuery,
    IndexNotReady,
    Unauthorized,
    ResourceNotFound,
    NotConfigured,
    CertificateState,
    ResourceAlreadyExists,
    VersionConflict,
    DeleteConflict,
    CertificateConflict,
    VersionsLimitExceeded,
    InvalidStateTransition,
    TransferConflict,
    ConflictingResourceUpdate,
    LimitExceeded,
    TransferAlreadyCompleted,
    InternalFailure,
    Internal,
    ServiceUnavailable,
}

impl Exception {
    /// The HTTP status that the service sends with it.
    pub const fn http_status(self) -> u16 {
        use Exception::*;
        match self {
            InvalidRequest
            | Throttling
            | TaskAlreadyExists
            | MalformedPolicy
            | CertificateValidation
            | RegistrationCodeValidation
            | InvalidQuery
            | IndexNotReady => 400,
            Unauthorized => 401,
            ResourceNotFound | NotConfigured => 404,
            CertificateState => 406,
            ResourceAlreadyExists
            | VersionConflict
            | DeleteConflict
            | CertificateConflict
            | VersionsLimitExceeded
            | InvalidStateTransition
            | TransferConflict
            | ConflictingResourceUpdate => 409,
            LimitExceeded | TransferAlreadyCompleted => 410,
            InternalFailure | Internal => 500,
            ServiceUnavailable => 503,
        }
    }
}

impl fmt::Display for Exception {
    /// The name as it stands in `x-amzn-ErrorType`, for example `InvalidRequestException`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}Exception")
    }
}

/// A refused operation: which exception, and the sentence that goes with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{exception}: {message}")]
pub struct ServiceError {
    /// Which exception the service would throw.
    pub exception: Exception,
    /// The text of the error body's `message`.
    pub message: String,
    /// For `ResourceAlreadyExistsException`: the id and ARN of the resource that is in the way.
    pub resource: Option<(String, String)>,
}

impl ServiceError {
    /// An error of the given kind.
    pub fn new(exception: Exception, message: impl Into<String>) -> ServiceError {
        ServiceError { exception, message: message.into(), resource: None }
    }

    /// `InvalidRequestException`.
    pub fn invalid(message: impl Into<String>) -> ServiceError {
        ServiceError::new(Exception::InvalidRequest, message)
    }

    /// `ResourceNotFoundException` for a resource of a kind and name.
    pub fn not_found(kind: &str, name: &str) -> ServiceError {
        ServiceError::new(Exception::ResourceNotFound, format!("{kind} `{name}` does not exist"))
    }

    /// `LimitExceededException`.
    pub fn limit(message: impl Into<String>) -> ServiceError {
        ServiceError::new(Exception::LimitExceeded, message)
    }

    /// `ResourceAlreadyExistsException`, naming the resource in the way.
    pub fn already_exists(kind: &str, id: impl Into<String>, arn: impl Into<String>) -> ServiceError {
        let id = id.into();
        ServiceError {
            exception: Exception::ResourceAlreadyExists,
            message: format!("{kind} `{id}` already exists"),
            resource: Some((id, arn.into())),
        }
    }
}

/// A deviation that lenient mode tolerated, or a lint (0.3). Machine-readable; never silent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Warning {
    /// `UPPER_SNAKE` code, for example `NON_STANDARD_DURATION`.
    pub code: &'static str,
    /// JSON pointer of the offending input.
    pub path: String,
    /// What is unusual, in a sentence.
    pub message: String,
    /// The value actually used, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canonical: Option<serde_json::Value>,
}

/// Whether to refuse what the service refuses, or to accept the deviations of section 11 with a warning (0.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Compatibility {
    /// As the service: deviations are errors.
    #[default]
    Strict,
    /// Section 11's deviations are accepted, each with a [`Warning`].
    Lenient,
}
