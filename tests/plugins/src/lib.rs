//! [`common`] as a plugin: what goes wrong stands in its line of the config.
#![forbid(unsafe_code)]

gss_plugin::export_mechanism!(common::Faulty);
