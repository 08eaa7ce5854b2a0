//! What the config says for all mechanisms, on lines of `gss.key=value` fields: how contexts are handed over, and where
//! they wait meanwhile.

use super::TransferKind;
use super::options::KeyValue;
use super::parse::{Located, shown};
use crate::config::Defect;
use std::path::PathBuf;
use std::time::Duration;

/// How long a context waits for its importer, unless the config says otherwise.
const DEFAULT_WAIT: Duration = Duration::from_secs(10 * 3600);

/// How many bytes of contexts may wait, unless the config says otherwise.
const DEFAULT_LIMIT: u64 = 64 << 20;

/// The longest time that contexts may be told to wait: the folders of a store are one for each minute of it.
const MAX_WAIT: Duration = Duration::from_secs(7 * 24 * 3600);

/// All keys.
pub(super) const SETTINGS: [&str; 4] =
    ["gss.transfer", "gss.transfer-directory", "gss.transfer-wait", "gss.transfer-limit"];

/// What holds for all mechanisms.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// How contexts are handed over where the mechanism's line does not say (`gss.transfer`).
    pub transfer: Option<TransferKind>,
    /// The one directory of the transfer store (`gss.transfer-directory`); `None` for the usual ones.
    pub transfer_directory: Option<PathBuf>,
    /// How long a context waits for its importer at most (`gss.transfer-wait`).
    pub transfer_wait: Duration,
    /// How many bytes may wait in one folder of the store (`gss.transfer-limit`).
    pub transfer_limit: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { transfer: None, transfer_directory: None, transfer_wait: DEFAULT_WAIT, transfer_limit: DEFAULT_LIMIT }
    }
}

/// One setting.
#[derive(Debug)]
pub(super) enum Setting {
    Transfer(TransferKind),
    Directory(PathBuf),
    Wait(Duration),
    Limit(u64),
}

impl Setting {
    pub(super) fn parse(item: &KeyValue<'_>) -> Result<Self, Located> {
        let value = item.value.unwrap_or_default();
        match item.key {
            "gss.transfer" => transfer_kind(item).map(Self::Transfer),
            "gss.transfer-directory" => {
                let absolute = value.starts_with('/') && !value.split('/').any(|component| component == "..");
                let directory = absolute.then(|| PathBuf::from(value));
                directory.map(Self::Directory).ok_or_else(|| item.bad("gss.transfer-directory", "an absolute path"))
            }
            "gss.transfer-wait" => wait(value)
                .map(Self::Wait)
                .ok_or_else(|| item.bad("gss.transfer-wait", "seconds, or a number with s, m or h, from 1s to 168h")),
            "gss.transfer-limit" => limit(value)
                .map(Self::Limit)
                .ok_or_else(|| item.bad("gss.transfer-limit", "bytes, or a number with K, M or G, at least 64K")),
            _ => Err(item.at_key(Defect::UnknownSetting { found: shown(item.text) })),
        }
    }

    pub(super) fn key(&self) -> &'static str {
        let [transfer, directory, wait, limit] = SETTINGS;
        match self {
            Self::Transfer(_) => transfer,
            Self::Directory(_) => directory,
            Self::Wait(_) => wait,
            Self::Limit(_) => limit,
        }
    }

    pub(super) fn apply(self, settings: &mut Settings) {
        match self {
            Self::Transfer(kind) => settings.transfer = Some(kind),
            Self::Directory(directory) => settings.transfer_directory = Some(directory),
            Self::Wait(wait) => settings.transfer_wait = wait,
            Self::Limit(limit) => settings.transfer_limit = limit,
        }
    }
}

/// The value of `gss.transfer`, on a line of settings as in a mechanism's options.
pub(super) fn transfer_kind(item: &KeyValue<'_>) -> Result<TransferKind, Located> {
    match item.value {
        Some("portable") => Ok(TransferKind::Portable),
        Some("once") => Ok(TransferKind::Once),
        _ => Err(item.bad("gss.transfer", "portable or once")),
    }
}

fn wait(text: &str) -> Option<Duration> {
    let seconds = scaled(text, &[("s", 1), ("m", 60), ("h", 3600)])?;
    Some(Duration::from_secs(seconds)).filter(|wait| !wait.is_zero() && *wait <= MAX_WAIT)
}

fn limit(text: &str) -> Option<u64> {
    scaled(text, &[("K", 1 << 10), ("M", 1 << 20), ("G", 1 << 30)]).filter(|limit| *limit >= 64 << 10)
}

/// A number with a unit behind it, or with none for the unit itself.
fn scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let unit = units.iter().find_map(|(suffix, factor)| Some((text.strip_suffix(suffix)?, *factor)));
    let (digits, factor) = unit.unwrap_or((text, 1));
    let digits = Some(digits).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    digits.parse::<u64>().ok()?.checked_mul(factor)
}
