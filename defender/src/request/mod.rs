//! What all requests have in common (section 1): how they are read, what their texts may hold, and paging.
//!
//! [`read`] turns a JSON document into an operation's request, wherever it came from: a file, HTTP, a test. Whether the
//! members then make sense is the operation's own business; it checks its texts against the shapes of `text`.

mod arn;
mod page;
mod read;
pub(crate) mod text;

pub(crate) use arn::checked_arn;
pub(crate) use page::Page;
pub use read::{Read, read};
