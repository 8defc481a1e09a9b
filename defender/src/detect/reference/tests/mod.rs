//! The vectors of sections 12.8 to 12.10, and the rules around them, against the reference.

mod bench;
mod columns;
mod forming;
mod learned;
mod lifecycle;
mod profiles;
mod properties;
mod retention;
mod series;
mod statistical;
