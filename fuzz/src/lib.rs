//! The fuzz targets: one function for each parser, which takes bytes and asserts what must hold whatever they are.
//!
//! `fuzz_targets/` holds the programs for libFuzzer. The tests of gss-core, gss-mech-dummy and gss-mech-krb5-sim include
//! the same files and run every kept input through them, without libFuzzer.

pub mod dummy;
pub mod harness;
pub mod krb5;
pub mod switch;

// gss-core's `transfer/entry.rs`, which `switch` includes, names these two by their paths there.
#[allow(dead_code, reason = "a part of it is used here")]
#[path = "../../gss-core/src/secret.rs"]
mod secret;
mod token;
