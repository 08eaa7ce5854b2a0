//! The options that the mechanism takes on its line in the config.

use gss_plugin::{Lifetime, Line, MechError, Result};

/// What the line says: `[legs=3, lifetime=60, identity=alice]`, each of them optional.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// `legs`: how many tokens a handshake has in all, 1 to 16. The initiator's side decides.
    pub(crate) legs: u8,
    /// `lifetime`: the longest life of a context in seconds. 0 makes contexts that have expired when they are born.
    pub(crate) lifetime: Lifetime,
    /// `identity`: the user whose credential is the default one.
    pub(crate) identity: String,
}

/// The most tokens that a handshake may have.
pub(crate) const MAX_LEGS: u8 = 16;

impl Options {
    pub(crate) fn read(line: &Line<'_>) -> Result<Self> {
        let wrong = |key: &str, problem: String| {
            MechError::failure(format!("{}: option {key} of mechanism {}: {problem}", line.place, line.name))
        };
        // A misspelt option must not be taken for its default.
        for (key, _) in line.pairs() {
            if !["legs", "lifetime", "identity"].contains(&key) {
                return Err(wrong(key, "unknown; expected legs, lifetime or identity".to_owned()));
            }
        }
        let legs = line.parse("legs")?.unwrap_or(2);
        if !(1..=MAX_LEGS).contains(&legs) {
            return Err(wrong("legs", format!("expected 1 to {MAX_LEGS}, found {legs}")));
        }
        let lifetime = line.parse("lifetime")?.map_or(Lifetime::INDEFINITE, Lifetime);
        let identity = line.option("identity").unwrap_or("dummy-user").to_owned();
        if identity.is_empty() {
            return Err(wrong("identity", "expected a user's name".to_owned()));
        }
        Ok(Self { legs, lifetime, identity })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::line;

    #[test]
    fn options_have_defaults() {
        let options = Options::read(&line("")).unwrap();
        assert_eq!(options, Options { legs: 2, lifetime: Lifetime::INDEFINITE, identity: "dummy-user".to_owned() });
        let options = Options::read(&line("legs=3, lifetime=60 identity=alice")).unwrap();
        assert_eq!(options, Options { legs: 3, lifetime: Lifetime(60), identity: "alice".to_owned() });
    }

    #[test]
    fn a_wrong_option_is_named_with_its_line() {
        for wrong in ["legs=0", "legs=17", "legs=x", "legs", "lifetime=-1", "lifetime=4294967296", "identity", "leg=3"]
        {
            let error = Options::read(&line(wrong)).unwrap_err();
            let key = wrong.split('=').next().unwrap();
            assert!(error.text.contains("test.conf:7") && error.text.contains(key), "{wrong}: {}", error.text);
        }
    }
}
