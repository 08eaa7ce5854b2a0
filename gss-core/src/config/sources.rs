//! Where a config comes from: the system's files, what the environment puts in their place, or a file or text that the
//! caller names.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::trust::{self, Policy};

/// `GSS_SYSCONFDIR` at compile time puts another directory in the place of `/etc`.
const SYSCONFDIR: &str = match option_env!("GSS_SYSCONFDIR") {
    Some(directory) => directory,
    None => "/etc",
};

/// `GSS_PLUGINDIR` at compile time puts another directory in the place of `/usr/lib/<triplet>/gss`.
const PLUGINDIR: &str = match option_env!("GSS_PLUGINDIR") {
    Some(directory) => directory,
    None if cfg!(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu", target_pointer_width = "64")) => {
        "/usr/lib/x86_64-linux-gnu/gss"
    }
    None if cfg!(all(target_arch = "aarch64", target_os = "linux", target_env = "gnu")) => {
        "/usr/lib/aarch64-linux-gnu/gss"
    }
    None => "/usr/lib/gss",
};

/// What [`Config::load`](super::Config::load) reads.
#[derive(Debug, Clone)]
pub struct Sources {
    pub(super) root: Root,
    pub(super) plugin_dir: PathBuf,
    pub(crate) policy: Policy,
}

/// Where reading begins.
#[derive(Debug, Clone)]
pub(super) enum Root {
    /// The system's files, any of which may be missing.
    System {
        file: PathBuf,
        directory: PathBuf,
    },
    /// One file, which has to be there.
    File(PathBuf),
    Text {
        name: PathBuf,
        text: Vec<u8>,
    },
}

/// The files of the system's directory that count.
pub(super) const PATTERN: &str = "*.conf";

impl Sources {
    /// What a program uses by itself: the file that `GSS_PLUGINS_CONF` names, else `/etc/gss/plugins.conf` and then
    /// `/etc/gss/plugins.d/*.conf`, sorted bytewise. The plugin directory is `GSS_PLUGIN_DIR`, else
    /// `/usr/lib/<triplet>/gss`. Under AT_SECURE both variables are ignored; an empty one counts as not set.
    pub fn system() -> Self {
        Self::from_environment(trust::at_secure(), std::env::var_os)
    }

    /// One file, which has to be there.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self { root: Root::File(path.into()), ..Self::system() }
    }

    /// A text in the place of a file. `name` stands for it in diagnostics.
    pub fn text(name: impl Into<PathBuf>, text: impl Into<Vec<u8>>) -> Self {
        Self { root: Root::Text { name: name.into(), text: text.into() }, ..Self::system() }
    }

    /// Puts another directory in the place of the plugin directory.
    #[must_use]
    pub fn plugin_dir(mut self, path: impl Into<PathBuf>) -> Self {
        self.plugin_dir = absolute(path.into());
        self
    }

    /// Puts another policy in the place of [`Policy::of_process`].
    #[must_use]
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// The directory in which relative library names resolve.
    pub fn plugin_directory(&self) -> &Path {
        &self.plugin_dir
    }

    fn from_environment(at_secure: bool, variable: impl Fn(&'static str) -> Option<OsString>) -> Self {
        let path = |name| {
            let value = variable(name).filter(|value| value != OsStr::new(""))?;
            if at_secure {
                tracing::debug!(name, "ignored: the environment is not to be trusted here (AT_SECURE)");
                return None;
            }
            Some(absolute(PathBuf::from(value)))
        };
        let root = match path("GSS_PLUGINS_CONF") {
            Some(file) => Root::File(file),
            None => {
                let base = Path::new(SYSCONFDIR).join("gss");
                Root::System { file: base.join("plugins.conf"), directory: base.join("plugins.d") }
            }
        };
        let plugin_dir = path("GSS_PLUGIN_DIR").unwrap_or_else(|| absolute(PathBuf::from(PLUGINDIR)));
        Self { root, plugin_dir, policy: Policy::of_process() }
    }
}

impl Default for Sources {
    fn default() -> Self {
        Self::system()
    }
}

/// Against the working directory of now, which may be another one at the next look.
fn absolute(path: PathBuf) -> PathBuf {
    std::path::absolute(&path).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(name: &'static str) -> Option<OsString> {
        match name {
            "GSS_PLUGINS_CONF" => Some("/srv/plugins.conf".into()),
            "GSS_PLUGIN_DIR" => Some("plugins".into()),
            _ => None,
        }
    }

    fn is_default(sources: &Sources) -> bool {
        let Root::System { file, directory } = &sources.root else {
            return false;
        };
        file.ends_with("gss/plugins.conf")
            && directory.ends_with("gss/plugins.d")
            && sources.plugin_directory() == Path::new(PLUGINDIR)
    }

    #[test]
    fn the_environment_replaces_file_and_plugin_directory() {
        let sources = Sources::from_environment(false, set);
        assert!(matches!(&sources.root, Root::File(path) if path == Path::new("/srv/plugins.conf")));
        assert_eq!(sources.plugin_directory(), std::env::current_dir().unwrap().join("plugins"));
    }

    #[test]
    fn at_secure_ignores_the_environment() {
        assert!(is_default(&Sources::from_environment(true, set)));
    }

    #[test]
    fn an_empty_variable_counts_as_not_set() {
        assert!(is_default(&Sources::from_environment(false, |_| Some(OsString::new()))));
        assert!(is_default(&Sources::from_environment(false, |_| None)));
    }
}
