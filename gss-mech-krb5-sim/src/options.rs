//! The options that the mechanism takes on its line in the config. Neither krb5.conf nor DNS is ever asked.

use crate::crypto::Enctype;
use crate::principal::{Principal, Realm};
use gss_plugin::{Line, MechError, Result};
use std::path::PathBuf;

/// What the line says: `[realm=EXAMPLE.COM, keytab=/etc/krb5-sim.keytab]` and so on, each of them optional.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// `realm`: the realm of names that have none.
    pub(crate) realm: Option<Realm>,
    /// `principal`: the default client.
    pub(crate) principal: Option<Principal>,
    /// `keytab`: the keys that both sides share; an absolute path.
    pub(crate) keytab: Option<PathBuf>,
    /// `enctypes`: the permitted encryption types, best first, separated by colons.
    pub(crate) enctypes: Vec<Enctype>,
    /// `clockskew`: by how many seconds the peer's clock may differ.
    pub(crate) clockskew: u64,
    /// `ticket-lifetime`: the longest life of a ticket that is issued, in seconds.
    pub(crate) ticket_lifetime: u32,
    /// `replay-cache`: where accepted tokens are remembered.
    pub(crate) replay_cache: ReplayOption,
}

/// What `replay-cache` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ReplayOption {
    /// A file in this folder.
    Folder(PathBuf),
    /// `off`: for measurements, and for protocols that replays do not harm.
    Off,
}

const KNOWN: [&str; 7] = ["realm", "principal", "keytab", "enctypes", "clockskew", "ticket-lifetime", "replay-cache"];
/// MIT's and Heimdal's.
const CLOCKSKEW: u64 = 300;
const MAX_CLOCKSKEW: u64 = 86_400;
/// Ten hours.
const TICKET_LIFETIME: u32 = 36_000;
/// A year: longer than any handshake needs, shorter than what a time of 32 bits could hold.
const MAX_TICKET_LIFETIME: u32 = 31_536_000;
/// On disk, since it must outlive a restart of the machine within the clock skew, and each user's own.
const REPLAY_FOLDER: &str = "/var/tmp";

impl Options {
    pub(crate) fn read(line: &Line<'_>) -> Result<Self> {
        let wrong = |key: &str, problem: String| {
            MechError::failure(format!("{}: option {key} of mechanism {}: {problem}", line.place, line.name))
        };
        // A misspelt option must not be taken for its default.
        for (key, value) in line.pairs() {
            if !KNOWN.contains(&key) {
                return Err(wrong(key, format!("unknown; expected one of {}", KNOWN.join(", "))));
            }
            if value.is_none_or(str::is_empty) {
                return Err(wrong(key, "expected a value".to_owned()));
            }
        }
        let realm = line.option("realm").map(|text| Realm::new(text.as_bytes())).transpose();
        let realm = realm.map_err(|error| wrong("realm", error.to_string()))?;
        let principal = line.option("principal").map(|text| Principal::parse(text.as_bytes(), realm.as_ref()));
        let principal = principal.transpose().map_err(|error| wrong("principal", error.to_string()))?;
        let absolute = |key: &str, text: &str| {
            let path = PathBuf::from(text);
            if path.is_absolute() { Ok(path) } else { Err(wrong(key, format!("{text} is not an absolute path"))) }
        };
        let keytab = line.option("keytab").map(|text| absolute("keytab", text.strip_prefix("FILE:").unwrap_or(text)));
        let enctypes = match line.option("enctypes") {
            None => Enctype::ALL.to_vec(),
            Some(text) => enctypes(text).map_err(|problem| wrong("enctypes", problem))?,
        };
        let clockskew = line.parse("clockskew")?.unwrap_or(CLOCKSKEW);
        if clockskew > MAX_CLOCKSKEW {
            return Err(wrong("clockskew", format!("expected 0 to {MAX_CLOCKSKEW} seconds, found {clockskew}")));
        }
        let ticket_lifetime = line.parse("ticket-lifetime")?.unwrap_or(TICKET_LIFETIME);
        if !(1..=MAX_TICKET_LIFETIME).contains(&ticket_lifetime) {
            let problem = format!("expected 1 to {MAX_TICKET_LIFETIME} seconds, found {ticket_lifetime}");
            return Err(wrong("ticket-lifetime", problem));
        }
        let replay_cache = match line.option("replay-cache") {
            None => ReplayOption::Folder(PathBuf::from(REPLAY_FOLDER)),
            Some("off") => ReplayOption::Off,
            Some(text) => ReplayOption::Folder(absolute("replay-cache", text)?),
        };
        Ok(Self { realm, principal, keytab: keytab.transpose()?, enctypes, clockskew, ticket_lifetime, replay_cache })
    }

    /// Whether keys of this type may be used.
    pub(crate) fn permits(&self, etype: i32) -> bool {
        self.enctypes.iter().any(|enctype| enctype.number() == etype)
    }

    /// The numbers of the permitted types, best first.
    pub(crate) fn etypes(&self) -> Vec<i32> {
        self.enctypes.iter().map(|enctype| enctype.number()).collect()
    }
}

fn enctypes(text: &str) -> std::result::Result<Vec<Enctype>, String> {
    let mut enctypes = Vec::new();
    for name in text.split(':') {
        let enctype = Enctype::from_name(name).map_err(|error| format!("{name}: {error}"))?;
        if !enctypes.contains(&enctype) {
            enctypes.push(enctype);
        }
    }
    Ok(enctypes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::line;

    #[test]
    fn options_have_defaults() {
        let options = Options::read(&line("")).unwrap();
        assert_eq!((options.realm.as_ref(), options.principal.as_ref(), options.keytab.as_ref()), (None, None, None));
        assert_eq!(options.etypes(), [18, 17, 20, 19]);
        assert_eq!((options.clockskew, options.ticket_lifetime), (300, 36_000));
        assert_eq!(options.replay_cache, ReplayOption::Folder("/var/tmp".into()));
    }

    #[test]
    fn each_option_is_read() {
        let text = "realm=R principal=alice keytab=/k,enctypes=aes256-sha2:17:20 clockskew=5 ticket-lifetime=60 \
                    replay-cache=off";
        let options = Options::read(&line(text)).unwrap();
        assert_eq!(options.principal.unwrap().to_string(), "alice@R");
        assert_eq!(options.enctypes, [Enctype::Aes256Sha384, Enctype::Aes128Sha1]);
        assert_eq!((options.clockskew, options.ticket_lifetime), (5, 60));
        assert_eq!((options.keytab, options.replay_cache), (Some("/k".into()), ReplayOption::Off));
        assert_eq!(Options::read(&line("keytab=FILE:/k")).unwrap().keytab, Some("/k".into()));
    }

    #[test]
    fn a_wrong_option_is_named_with_its_line() {
        for wrong in [
            "realms=R",
            "realm",
            "realm=",
            "principal=alice",
            "principal=a@b@c",
            "keytab=relative",
            "enctypes=18:rc4",
            "enctypes=18,17",
            "clockskew=-1",
            "clockskew=86401",
            "ticket-lifetime=0",
            "ticket-lifetime=x",
            "replay-cache=here",
        ] {
            let error = Options::read(&line(wrong)).unwrap_err();
            assert!(error.text.starts_with("test.conf:7: option "), "{wrong}: {}", error.text);
        }
    }
}
