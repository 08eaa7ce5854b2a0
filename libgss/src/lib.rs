//! `libgss.so.1`: the GSS-API as C programs expect it (RFC 2744 and its successors), over the switch of `gss-core`.
//!
//! `exports` is the one list of functions, `data` that of variables; `boundary` turns C's arguments into Rust's and holds
//! the panic boundary. All else is plain functions.

mod boundary;
mod context;
mod credential;
mod data;
mod display;
mod exports;
mod extension;
mod fork;
mod handle;
mod iov;
mod krb5;
mod mechanism;
mod memory;
mod message;
mod name;
mod naming;
mod oid_text;
mod oids;
mod sets;
mod status;
mod trace;
mod types;
