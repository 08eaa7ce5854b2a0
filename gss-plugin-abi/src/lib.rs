//! The stable ABI between the switch and its mechanism plugins.
//!
//! Three layers. [`contract`]: what a mechanism is, as safe Rust traits. `abi`: the same as objects that cross from one
//! shared library to another, whatever compiler built each. `guard` turns the first into the second and catches
//! panics; [`host`] turns the second back into plain Rust for the core.

// abi_stable's `sabi_trait` expands to implementations inside functions; nothing of ours does.
#![allow(non_local_definitions)]

// Its items are public as the macros want them, and documented where `contract` and `types` say the same.
#[allow(missing_docs, unreachable_pub)]
mod abi;
pub mod contract;
mod convert;
pub mod export;
pub mod fallback;
mod guard;
pub mod host;
pub mod oid;
mod output;
mod status;
mod types;

pub use contract::{Credential, Mechanism, Name, SecurityContext};
pub use oid::{MAX_OID_OCTETS, Oid, OidError};
pub use output::{Output, Sink};
pub use status::{IMPOSSIBLE_ANSWER, Major, MechError, PANICKED, Result};
pub use types::*;
