//! Tests of the service, by the operations of its API.

mod fixture;
mod operations;
mod violations;
