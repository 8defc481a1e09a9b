//! Tests of the service, by the operations of its API.

pub(crate) mod fixture;
mod operations;
mod violations;
