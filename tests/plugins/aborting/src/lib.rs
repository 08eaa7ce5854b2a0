//! [`common`] once more: the test gives `panic=abort` to this crate alone, the last one that is linked, which decides.
#![forbid(unsafe_code)]

gss_plugin::export_mechanism!(common::Faulty);
