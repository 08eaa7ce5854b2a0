//! Plugins written with `gss-plugin`: the library's root module, checked against ours in both directions.
//!
//! Not `RootModule::load_from_file`, which keeps one library for each type and answers every later path with the first.

use super::library::Library;
use super::services::services;
use super::{Kind, LoadError, Loaded};
use crate::config::MechanismLine;
use crate::transfer::Rules;
use abi_stable::StableAbi;
use abi_stable::abi_stability::abi_checking::check_layout_compatibility;
use abi_stable::library::{AbiHeader, AbiHeaderRef, LibHeader, LibraryError, ROOT_MODULE_LOADER_NAME_WITH_NUL};
use gss_plugin_abi::export::{MechModuleRef, PANIC_UNWIND};
use gss_plugin_abi::host::PluginMechanism;
use gss_plugin_abi::{Line, Oid};
use std::ffi::CStr;
use std::path::Path;

/// The symbol that makes a library a Rust plugin.
pub(super) fn root_symbol() -> &'static str {
    ROOT_MODULE_LOADER_NAME_WITH_NUL.trim_end_matches('\0')
}

/// Makes the mechanism of a line from what its library exports.
pub(super) fn load(line: &MechanismLine, header: AbiHeaderRef) -> Result<Loaded, LoadError> {
    let path = line.library.as_path();
    let module = module(path, upgraded(path, header)?)?;
    if module.panic_strategy() != PANIC_UNWIND {
        return Err(LoadError::PanicAbort { path: path.to_owned() });
    }
    let refused = |error| LoadError::Refused { path: path.to_owned(), error };
    let (options, place) = (line.options.to_string(), line.place.to_string());
    let plugin = PluginMechanism::open(
        module,
        &Line { name: &line.name, oid: &line.oid, aliases: &line.aliases, options: &options, place: &place },
        services(),
    )
    .map_err(refused)?;
    let description = plugin.describe().map_err(refused)?;
    Ok(Loaded {
        name: line.name.as_str().into(),
        // The library stays as long as the process; so may its OID, which then costs nothing to clone.
        oid: Oid::from_static(line.oid.as_bytes().to_vec().leak()),
        plugin,
        description,
        kind: Kind::RustPlugin,
        sdk_version: module.sdk_version().to_string(),
        transfer: Rules::of(line),
    })
}

/// What a library exports, if it is a Rust plugin. `dlsym` also looks through a library's dependencies: one that merely
/// links a plugin is none.
pub(super) fn header(library: &Library) -> Option<AbiHeaderRef> {
    let symbol = CStr::from_bytes_with_nul(ROOT_MODULE_LOADER_NAME_WITH_NUL.as_bytes()).ok()?;
    let address = library.own(symbol)?;
    // SAFETY: the symbol's name carries abi_stable's version, under which it is an `AbiHeader`, to which `AbiHeaderRef` is
    // a reference and nothing else. It is static because the library stays.
    Some(unsafe { (&raw const address).cast::<AbiHeaderRef>().read() })
}

fn upgraded(path: &Path, header: AbiHeaderRef) -> Result<&'static LibHeader, LoadError> {
    header.upgrade().map_err(|error| {
        let reason = match error {
            LibraryError::InvalidAbiHeader(theirs) => versions(&theirs, &AbiHeader::VALUE),
            other => gist(&other.to_string()),
        };
        LoadError::Abi { path: path.to_owned(), reason }
    })
}

/// Why a header is not one of our abi_stable's.
fn versions(theirs: &AbiHeader, ours: &AbiHeader) -> String {
    if theirs.magic_string != ours.magic_string {
        return "what it exports was not made by abi_stable".to_owned();
    }
    let version = |header: &AbiHeader| format!("{}.{}", header.abi_major, header.abi_minor);
    format!("it was built with abi_stable {}, this process with {}", version(theirs), version(ours))
}

/// The module, if its layout and ours agree: equal, or one with more at the end than the other.
fn module(path: &Path, header: &'static LibHeader) -> Result<MechModuleRef, LoadError> {
    let abi = |reason: String| LoadError::Abi { path: path.to_owned(), reason };
    let ours = <MechModuleRef as StableAbi>::LAYOUT;
    let Some(theirs) = header.layout() else {
        return Err(abi("it does not say what its layout is".to_owned()));
    };
    if let Err(newer) = check_layout_compatibility(ours, theirs) {
        // Not ours with more at the end; so an older one, of which ours is the same with more at the end?
        if check_layout_compatibility(theirs, ours).is_err() {
            let full = newer.to_string();
            tracing::debug!(path = %path.display(), "{full}");
            return Err(abi(gist(&full)));
        }
    }
    // SAFETY: the layouts were compared just now; accessors of a prefix type look at what the plugin has.
    let module = unsafe { header.unchecked_layout::<MechModuleRef>() };
    module.map_err(|error| abi(error.to_string()))
}

/// abi_stable's errors are tens of kilobytes of layouts, one for each step from the module to what differs. What differs
/// in the first place, and where that is, is enough for people.
fn gist(full: &str) -> String {
    const MOST: usize = 400;
    let first = full.split("error(s)inside:").find(|step| step.contains("\nError:"));
    let mut gist = match first {
        Some(step) => {
            let differences: Vec<_> = step.split("\nError:").skip(1).take(2).map(difference).collect();
            let way = way(step);
            let place = if way.is_empty() { String::new() } else { format!(", in {}", way.join(".")) };
            format!("{}{place}", differences.join("; "))
        }
        None => full.lines().map(str::trim).filter(|line| !line.is_empty()).take(2).collect::<Vec<_>>().join(" "),
    };
    if let Some((end, _)) = gist.char_indices().nth(MOST) {
        gist.truncate(end);
        gist.push('…');
    }
    gist
}

/// The fields that lead to what differs, without those that abi_stable's own types have.
fn way(step: &str) -> Vec<&str> {
    let inside = step.split("\nLayout of").next().unwrap_or_default();
    let fields = inside.lines().filter_map(|line| line.trim().strip_prefix("field_name:"));
    let own = |name: &&str| !matches!(*name, "0" | "field_0" | "obj" | "vtable" | "__returns");
    fields.filter(own).collect()
}

/// One difference: what it is, a line `Expected:` with the value below it, and the same with `Found:`.
fn difference(text: &str) -> String {
    let (what, values) = text.split_once("Expected:").unwrap_or((text, ""));
    let what = what.lines().next().unwrap_or_default().trim();
    match values.split_once("Found:") {
        Some((expected, found)) => format!("{what}, expected {}, found {}", value(expected), value(found)),
        None => what.to_owned(),
    }
}

fn value(text: &str) -> String {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default();
    match (first.strip_prefix("field_name:"), lines.next().and_then(|line| line.strip_prefix("type:"))) {
        (Some(name), Some(kind)) => format!("{name}: {kind}"),
        _ => first.to_owned(),
    }
}
