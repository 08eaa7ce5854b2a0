//! `gss-core`'s `slots.rs`, built on loom's types. The models are in `tests/slots.rs`:
//! `RUSTFLAGS="--cfg loom" cargo test --release` explores them. Without that flag this runs the file's unit tests.

#[path = "../../../gss-core/src/slots.rs"]
pub mod slots;
