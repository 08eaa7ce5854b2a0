//! The crypto layer against MIT's library (Debian: libkrb5-dev): what one makes, the other must understand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "the tests' own helpers")]

use gss_mech_krb5_sim::crypto::{CONFOUNDER, Enctype, Key, Piece};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use tempfile::TempDir;

/// Every length up to here, and a few that are long.
const LENGTHS: usize = 300;
const LONG: [usize; 5] = [1024, 4096, 4097, 65_536, 70_001];

/// MIT's library, in a process of its own.
struct Mit {
    child: Child,
    ask: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    _folder: TempDir,
}

impl Mit {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("mit_crypto");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c/mit_crypto.c");
        let status = Command::new("cc")
            .args(["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O1", "-o"])
            .args([&program, &source])
            .args(flags())
            .status()
            .expect("a C compiler");
        assert!(status.success(), "mit_crypto.c does not build: is libkrb5-dev installed?");
        let mut child = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (ask, answers) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, ask, answers, _folder: folder }
    }

    /// The words of the answer; `None` where the library refused.
    fn words(&mut self, command: &str, enctype: Enctype, words: &[String]) -> Option<Vec<Vec<u8>>> {
        writeln!(self.ask.as_mut().unwrap(), "{command} {} {}", enctype.number(), words.join(" ")).unwrap();
        let mut line = String::new();
        assert!(self.answers.read_line(&mut line).unwrap() > 0, "MIT's library ended");
        if line.starts_with("error") { None } else { Some(line.split_whitespace().map(bytes).collect()) }
    }

    fn word(&mut self, command: &str, enctype: Enctype, words: &[String]) -> Option<Vec<u8>> {
        self.words(command, enctype, words).map(|mut words| words.remove(0))
    }
}

impl Drop for Mit {
    fn drop(&mut self) {
        self.ask = None;
        let status = self.child.wait().unwrap();
        assert!(status.success() || std::thread::panicking(), "{status}");
    }
}

/// Where MIT's headers and libraries are. On Debian they may lie beside Heimdal's, which then have the plain names.
fn flags() -> Vec<String> {
    let asked = |program| Command::new(program).args(["--cflags", "--libs", "krb5"]).output();
    let told =
        asked("krb5-config.mit").or_else(|_| asked("krb5-config")).expect("krb5-config: is libkrb5-dev installed?");
    String::from_utf8(told.stdout).unwrap().split_whitespace().map(str::to_owned).collect()
}

fn hex(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "-".to_owned();
    }
    bytes.iter().fold(String::new(), |mut digits, byte| {
        write!(digits, "{byte:02x}").unwrap();
        digits
    })
}

fn bytes(hex: &str) -> Vec<u8> {
    let hex = if hex == "-" { "" } else { hex };
    (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect()
}

fn text(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at * at % 251) as u8).collect()
}

fn lengths() -> impl Iterator<Item = usize> {
    (0..=LENGTHS).chain(LONG)
}

#[test]
fn keys_from_passwords_are_the_same() {
    let mut mit = Mit::start();
    for enctype in Enctype::ALL {
        // MIT refuses lower counts than the usual one.
        for (count, len) in (enctype.default_iterations()..).zip([0, 64, 65, 128, 129]) {
            let (password, salt) = (text(len + 7)[7..].to_vec(), text(len / 2));
            let theirs = mit.word("s2k", enctype, &[hex(&password), hex(&salt), hex(&count.to_be_bytes())]);
            let ours = Key::from_password(enctype, &password, &salt, Some(&count.to_be_bytes())).unwrap();
            assert_eq!(theirs.as_deref(), Some(ours.bytes()), "{enctype} {len} bytes, {count} times");
        }
        let theirs = mit.word("s2k", enctype, &[hex(b"secret"), hex(b"EXAMPLE.COMalice"), hex(b"")]);
        let ours = Key::from_password(enctype, b"secret", b"EXAMPLE.COMalice", None).unwrap();
        assert_eq!(theirs.as_deref(), Some(ours.bytes()), "{enctype}, the usual count");
    }
}

#[test]
fn pseudo_random_output_is_the_same() {
    let mut mit = Mit::start();
    for enctype in Enctype::ALL {
        let key = Key::random(enctype).unwrap();
        for len in lengths() {
            let theirs = mit.word("prf", enctype, &[hex(key.bytes()), hex(&text(len))]);
            assert_eq!(theirs.as_ref(), Some(&*key.prf(&text(len)).unwrap()), "{enctype} {len}");
        }
    }
}

#[test]
fn checksums_are_the_same() {
    let mut mit = Mit::start();
    for enctype in Enctype::ALL {
        let key = Key::random(enctype).unwrap();
        for (at, len) in lengths().enumerate() {
            let usage = at as u32 % 1100;
            let theirs = mit.word("sum", enctype, &[hex(key.bytes()), usage.to_string(), hex(&text(len))]).unwrap();
            let ours = key.checksum_key(usage).unwrap();
            assert_eq!(theirs, *ours.sign([&text(len)[..]]), "{enctype} {len} {usage}");
            ours.verify([&text(len)[..]], &theirs).unwrap();
        }
    }
}

#[test]
fn ciphertexts_are_understood_both_ways() {
    let mut mit = Mit::start();
    for enctype in Enctype::ALL {
        let key = Key::random(enctype).unwrap();
        for (at, len) in lengths().enumerate() {
            let (usage, plain) = (at as u32 % 1100, text(len));
            let name = || [hex(key.bytes()), usage.to_string()];
            let theirs = mit.word("enc", enctype, &[&name()[..], &[hex(&plain)]].concat()).unwrap();
            assert_eq!(*key.decrypt(usage, &theirs).unwrap(), plain, "{enctype} {len} {usage}");

            let mut ours = key.encrypt(usage, &plain).unwrap();
            let opened = mit.word("dec", enctype, &[&name()[..], &[hex(&ours)]].concat());
            assert_eq!(opened, Some(plain), "{enctype} {len} {usage}");

            let altered = at * 7 % ours.len();
            ours[altered] ^= 4;
            assert_eq!(mit.word("dec", enctype, &[&name()[..], &[hex(&ours)]].concat()), None);
            assert!(key.decrypt(usage, &ours).is_err());
        }
    }
}

#[test]
fn messages_in_pieces_are_understood_both_ways() {
    /// Lengths, and which are only signed.
    const SHAPES: &[&[(char, usize)]] = &[
        &[],
        &[('d', 0)],
        &[('d', 5)],
        &[('s', 5)],
        &[('s', 20), ('d', 100), ('s', 7)],
        &[('d', 16), ('d', 16)],
        &[('d', 1), ('s', 1), ('d', 1), ('s', 64), ('d', 1)],
        &[('d', 15), ('s', 3), ('d', 2), ('d', 0), ('d', 47), ('s', 0), ('d', 300)],
        &[('d', 48), ('s', 64), ('d', 129), ('s', 128)],
        &[('s', 24), ('d', 5840), ('s', 8), ('d', 16)],
        &[('d', 65_536), ('d', 16)],
        &[('d', 7), ('d', 65_530), ('s', 1), ('d', 31)],
    ];
    let mut mit = Mit::start();
    for enctype in Enctype::ALL {
        let key = Key::random(enctype).unwrap();
        let keys = key.usage_keys(22).unwrap();
        let name = [hex(key.bytes()), "22".to_owned()];
        for shape in SHAPES {
            let plain: Vec<_> = shape.iter().map(|(kind, len)| (*kind, text(*len))).collect();
            let words = |pieces: &[(char, Vec<u8>)]| -> Vec<String> {
                pieces.iter().map(|(kind, bytes)| format!("{kind}{}", hex(bytes))).collect()
            };
            let data = |pieces: &[(char, Vec<u8>)]| -> Vec<Vec<u8>> {
                pieces.iter().filter(|(kind, _)| *kind == 'd').map(|(_, bytes)| bytes.clone()).collect()
            };

            let theirs = mit.words("enci", enctype, &[&name[..], &words(&plain)].concat()).unwrap();
            let [confounder, encrypted @ .., checksum] = &theirs[..] else { panic!("{theirs:?}") };
            let mut encrypted = encrypted.iter();
            let mut pieces = plain.clone();
            for (_, bytes) in pieces.iter_mut().filter(|(kind, _)| *kind == 'd') {
                *bytes = encrypted.next().unwrap().clone();
            }
            let mut confounder: [u8; CONFOUNDER] = confounder[..].try_into().unwrap();
            keys.open_pieces(&mut confounder, &mut lend(&mut pieces), checksum).unwrap();
            assert_eq!(pieces, plain, "{enctype} {shape:?}");

            let mut checksum = vec![0; enctype.mac_len()];
            keys.seal_pieces(&mut confounder, &mut lend(&mut pieces), &mut checksum).unwrap();
            let question = [&name[..], &[hex(&confounder), hex(&checksum)], &words(&pieces)].concat();
            assert_eq!(mit.words("deci", enctype, &question), Some(data(&plain)), "{enctype} {shape:?}");
        }
    }
}

fn lend(pieces: &mut [(char, Vec<u8>)]) -> Vec<Piece<'_>> {
    pieces
        .iter_mut()
        .map(|(kind, bytes)| if *kind == 'd' { Piece::Data(bytes) } else { Piece::Signed(bytes) })
        .collect()
}
