//! Measures. Two kinds stand side by side:
//!
//! - `cargo bench -p fleetrange-benches` — criterion benches of kernels, each named after the question it answers;
//! - `cargo run --release -p fleetrange-benches --bin whole-program -- scenarios/first-light.toml` — whole runs, with
//!   nanoseconds per device-window, peak memory, the gain of a second thread, the growth in devices and days, and, in
//!   the same run, the straightforward loop ([`naive`]) as the baseline;
//! - `cargo run --release -p fleetrange-benches --bin ml-comparison` — candidates for the model of ML behaviors ([`ml`]).
//!
//! Only ratios measured in one run may be quoted: absolute times drift with the machine's mood.
pub mod ml;
pub mod naive;
