//! What gss-core's `transfer/entry.rs` takes from `crate::token`, with claims whose insides can be seen.

#[allow(dead_code, reason = "a part of it is used here")]
#[path = "../../gss-core/src/token/claim.rs"]
mod claim;

pub(crate) use claim::{Audience, Claim, TransferId};
pub(crate) use gss_core::token::{TokenError, parse, prefix};
