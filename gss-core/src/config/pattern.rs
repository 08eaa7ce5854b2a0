//! The wildcards of `include`.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The names in a directory that match, sorted bytewise. As with glob(3), a name that begins with a dot matches only a
/// pattern that does.
pub(super) fn names(directory: &Path, pattern: &[u8]) -> io::Result<Vec<OsString>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory)? {
        let name = entry?.file_name();
        let hidden = name.as_bytes().starts_with(b".") && !pattern.starts_with(b".");
        if !hidden && matches(pattern, name.as_bytes()) {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// Whether a name matches a pattern in which `*` stands for any bytes and `?` for one. Only the last `*` is ever
/// tried again, so the time is at worst the product of both lengths.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut pattern, mut name) = (pattern, name);
    let mut retry: Option<(&[u8], &[u8])> = None;
    loop {
        match (pattern, name) {
            ([b'*', rest @ ..], _) => {
                retry = Some((rest, name));
                pattern = rest;
            }
            ([wanted, pattern_rest @ ..], [found, name_rest @ ..]) if *wanted == b'?' || wanted == found => {
                (pattern, name) = (pattern_rest, name_rest);
            }
            ([], []) => return true,
            _ => {
                let Some((after_star, [_, shorter @ ..])) = retry else {
                    return false;
                };
                retry = Some((after_star, shorter));
                (pattern, name) = (after_star, shorter);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_is_any_bytes_and_a_question_mark_one() {
        for (pattern, yes, no) in [
            ("*.conf", &["a.conf", "a.conf.conf", ".conf", "a.con.conf"][..], &["a.conf~", "conf", "a.confx", ""][..]),
            ("*", &["", "a", "*"], &[]),
            ("?", &["a", "?"], &["", "ab"]),
            ("a*b*c", &["abc", "aabbcc", "a*b*c", "abcbc", "acbbcbc"], &["ab", "acb", "abcd", "bac"]),
            ("??*", &["ab", "abc"], &["a", ""]),
            ("a**b", &["ab", "axb"], &["a", "b"]),
            ("", &[], &["a"]),
            ("[a]", &["[a]"], &["a"]),
        ] {
            for name in yes {
                assert!(matches(pattern.as_bytes(), name.as_bytes()), "{pattern} {name}");
            }
            for name in no {
                assert!(!matches(pattern.as_bytes(), name.as_bytes()), "{pattern} {name}");
            }
        }
    }

    #[test]
    fn many_stars_do_not_take_for_ever() {
        let pattern = b"*a".repeat(1000);
        assert!(!matches(&pattern, &[b'a'; 999]));
        assert!(!matches(&[&pattern[..], b"b"].concat(), &[b'a'; 4000]));
    }
}
