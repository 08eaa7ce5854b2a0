//! The root module: what a plugin exports, and the services that the host lends it.

use crate::abi::{AbiLine, AbiResult, MechanismObject};
use crate::contract::Mechanism;
use crate::convert::{oid, oids_in, pairs_out};
use crate::guard::{caught, mechanism_object};
use crate::status::MechError;
use crate::types::Line;
use abi_stable::StableAbi;
pub use abi_stable::library::LibHeader;
use abi_stable::library::{CheckTypeLayout, RootModule, RootModuleResult};
use abi_stable::package_version_strings;
use abi_stable::prefix_type::WithMetadata;
use abi_stable::sabi_types::VersionStrings;
use abi_stable::std_types::{RResult, RSlice, RSliceMut, RStr, Tuple2};

/// How a plugin handles panics.
pub const PANIC_UNWIND: u8 = 1;
/// See [`PANIC_UNWIND`]: such a plugin would end the host, and is refused.
pub const PANIC_ABORT: u8 = 2;

/// What a plugin exports, under the symbol that `abi_stable` derives from its own version.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = MechModuleRef)))]
#[sabi(missing_field(option))]
pub struct MechModule {
    /// [`PANIC_UNWIND`] or [`PANIC_ABORT`].
    pub panic_strategy: u8,
    /// The version of `gss-plugin` that the plugin was built with.
    pub sdk_version: RStr<'static>,
    /// Makes the mechanism of a line of the config.
    #[sabi(last_prefix_field)]
    pub(crate) open: extern "C" fn(&AbiLine<'_>, HostServicesRef) -> AbiResult<MechanismObject>,
}

impl RootModule for MechModuleRef {
    abi_stable::declare_root_module_statics! {MechModuleRef}
    const BASE_NAME: &'static str = "gss_mech";
    const NAME: &'static str = "gss_mech";
    const VERSION_STRINGS: VersionStrings = package_version_strings!();
}

/// What the host lends a plugin.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = HostServicesRef)))]
#[sabi(missing_field(option))]
pub struct HostServices {
    /// The most detailed level that the host wants to hear: 0 nothing, 1 errors, to 5 traces.
    pub max_level: extern "C" fn() -> u8,
    /// Takes a log record.
    #[sabi(last_prefix_field)]
    pub log: extern "C" fn(&Record<'_>),
    /// Fills a buffer with random bytes: 0, or getrandom(2)'s errno; the buffer is then no use.
    pub random: extern "C" fn(RSliceMut<'_, u8>) -> i32,
}

impl HostServicesRef {
    /// A table of services for the life of the process.
    pub const fn new(services: &'static WithMetadata<HostServices>) -> Self {
        Self(services.static_as_prefix())
    }
}

/// A log record, flat.
#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
pub struct Record<'a> {
    /// 1 error, 2 warning, 3 information, 4 debug, 5 trace.
    pub level: u8,
    /// The line in the source, or 0.
    pub line: u32,
    /// The module, or whatever the author chose.
    pub target: RStr<'a>,
    /// The message.
    pub message: RStr<'a>,
    /// Further fields.
    pub fields: RSlice<'a, Tuple2<RStr<'a>, RStr<'a>>>,
}

/// Sends a log record to the host.
pub fn log(host: HostServicesRef, level: u8, line: u32, target: &str, message: &str, fields: &[(&str, &str)]) {
    let fields = pairs_out(fields);
    let fields = RSlice::from_slice(&fields);
    host.log()(&Record { level, line, target: RStr::from_str(target), message: RStr::from_str(message), fields });
}

/// Asks the host for random bytes. `None` if it is older than this service.
///
/// # Errors
///
/// The errno of the host's getrandom(2). What is in the buffer is then no use.
pub fn random(host: HostServicesRef, bytes: &mut [u8]) -> Option<Result<(), i32>> {
    let errno = host.random()?(RSliceMut::from_mut_slice(bytes));
    Some(if errno == 0 { Ok(()) } else { Err(errno) })
}

/// What the export macro implements for a mechanism's library.
pub trait Plugin: 'static {
    /// The mechanism.
    type Mechanism: Mechanism;
    /// The version of the SDK.
    const SDK_VERSION: &'static str;
    /// Whether the library's own crate unwinds: it may be built otherwise than its dependencies.
    const UNWINDS: bool;
    /// Called before the first [`Mechanism::open`]: connects logging and panics to the host.
    fn attach(host: HostServicesRef);
}

struct Module<P>(P);

impl<P: Plugin> Module<P> {
    const MODULE: MechModule = MechModule {
        panic_strategy: if cfg!(panic = "unwind") && P::UNWINDS { PANIC_UNWIND } else { PANIC_ABORT },
        sdk_version: RStr::from_str(P::SDK_VERSION),
        open: open::<P>,
    };
    const WITH_METADATA: &'static WithMetadata<MechModule> = &WithMetadata::new(Self::MODULE);
}

extern "C" fn open<P: Plugin>(line: &AbiLine<'_>, host: HostServicesRef) -> AbiResult<MechanismObject> {
    let opened = caught(|| {
        P::attach(host);
        let (own, aliases) = (oid(&line.oid)?, oids_in(&line.aliases)?);
        let (name, options, place) = (line.name.as_str(), line.options.as_str(), line.place.as_str());
        P::Mechanism::open(&Line { name, oid: &own, aliases: &aliases, options, place }).map(mechanism_object)
    });
    match opened {
        Ok(Ok(mechanism)) => RResult::ROk(mechanism),
        Ok(Err(error)) => RResult::RErr(error.into()),
        Err(message) => RResult::RErr(MechError::failure(format!("the mechanism panicked in open: {message}")).into()),
    }
}

extern "C" fn root_module<P: Plugin>() -> RootModuleResult {
    abi_stable::library::__call_root_module_loader(module::<P>)
}

fn module<P: Plugin>() -> MechModuleRef {
    MechModuleRef(Module::<P>::WITH_METADATA.static_as_prefix())
}

/// The library's header for the export macro.
pub const fn header<P: Plugin>() -> LibHeader {
    // SAFETY: `root_module` answers the prefix of a `MechModuleRef`.
    unsafe { LibHeader::from_constructor::<MechModuleRef>(root_module::<P>, CheckTypeLayout::Yes) }
}
