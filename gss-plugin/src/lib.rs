//! Write a GSS-API mechanism in safe Rust and drop it into the switch as a plugin.
//!
//! A mechanism is a library crate of type `cdylib` that depends on this crate alone. It implements four traits
//! ([`Mechanism`], [`Name`], [`Credential`], [`SecurityContext`]) and names the first in [`export_mechanism!`]. The
//! built `.so` goes into the plugin directory, and one line into `plugins.conf` or a file of `plugins.d`.
//!
//! What the author need not care about: panics (each call is guarded, and a panic becomes `FAILURE` with its message),
//! logging (`tracing` events reach the host), the compiler of the host, and the layout of anything.
//!
//! `gss-mech-dummy` is the template: a whole mechanism to be read in one sitting.
#![forbid(unsafe_code)]

mod bridge;
mod clock;
mod random;

pub use clock::{Deadline, now};
pub use gss_plugin_abi::oid::{attr, name_type};
pub use gss_plugin_abi::{
    AcceptorLeg, AcquireRequest, ChannelBindings, ContextInfo, Credential, CredentialInfo, CredentialUsage,
    Description, Flags, InitiatorLeg, Iov, IovKind, IovResult, Lifetime, Line, MAX_OID_OCTETS, Major, MechError,
    Mechanism, MessageInfo, Name, NameAttribute, NameInfo, Oid, OidError, Output, PrfKey, Result, SecurityContext,
    Sink, Step, StoreRequest, Want,
};
pub use random::random;

/// Exports a mechanism from a library of crate type `cdylib`.
///
/// ```ignore
/// gss_plugin::export_mechanism!(MyMechanism);
/// ```
#[macro_export]
macro_rules! export_mechanism {
    ($mechanism:ty) => {
        const _: () = {
            struct Exported;
            impl $crate::__private::Plugin for Exported {
                type Mechanism = $mechanism;
                const SDK_VERSION: &'static str = $crate::__private::SDK_VERSION;
                const UNWINDS: bool = cfg!(panic = "unwind");
                fn attach(host: $crate::__private::HostServicesRef) {
                    $crate::__private::attach(host);
                }
            }
            // The symbol that the host looks for; abi_stable mangles its own version into it.
            #[unsafe(no_mangle)]
            #[allow(non_upper_case_globals)]
            pub static _1as_0lib_1header_0root_bmodule_bloader: $crate::__private::LibHeader =
                $crate::__private::header::<Exported>();
        };
    };
}

#[doc(hidden)]
pub mod __private {
    pub use crate::bridge::attach;
    pub use gss_plugin_abi::export::{HostServicesRef, LibHeader, Plugin, header};
    pub const SDK_VERSION: &str = env!("CARGO_PKG_VERSION");
}
