//! The parsers of the switch: tokens, frames, names, OIDs, the config, the transfer store, and the headers of a plugin's
//! file.

use crate::harness::{Choices, Target, bounded};
use crate::secret::SecretBuf;
use crate::token::{Audience, Claim, TransferId};
use gss_core::config::{Config, MAX_DIAGNOSTICS, Sources};
use gss_core::framing::{ExportedName, decapsulate, encapsulate, mechanism_of};
use gss_core::transfer::admin;
use gss_core::trust::Policy;
use gss_core::{Oid, token};
use gss_plugin_abi::Sink;
use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;
use zeroize::Zeroizing;

#[path = "../../gss-core/src/loader/elf.rs"]
mod elf;
#[allow(dead_code, reason = "a part of it is used here")]
#[path = "../../gss-core/src/transfer/entry.rs"]
mod entry;
#[path = "../../gss-core/src/loader/needed.rs"]
mod needed;
#[path = "../../libgss/src/oid_text.rs"]
mod oid_text;

/// The targets of this file.
pub const TARGETS: &[Target] = &[
    ("switch_token", interprocess_token),
    ("switch_framing", framing),
    ("switch_exported_name", exported_name),
    ("switch_oid", oid),
    ("switch_config", config),
    ("switch_elf", elf_headers),
    ("switch_claim", claim),
    ("switch_entry", waiting_entry),
    ("switch_store", store),
];

/// The prefix of an interprocess token.
pub fn interprocess_token(data: &[u8]) {
    if let Ok(parts) = bounded(data, 1, || token::parse(data)) {
        let mut again = token::prefix(&parts.mechanism);
        again.extend_from_slice(parts.body);
        assert_eq!(again, data);
    }
}

/// The frame of an initial context token, and whose it is.
pub fn framing(data: &[u8]) {
    let mechanism = bounded(data, 1, || mechanism_of(data));
    let parts = bounded(data, 1, || decapsulate(data));
    if let Ok((oid, inner)) = parts {
        assert_eq!(mechanism, Ok(oid.clone()));
        let mut again = Vec::new();
        encapsulate(&oid, inner, &mut again).unwrap();
        assert_eq!(again, data);
    }
}

/// The header of an exported name.
pub fn exported_name(data: &[u8]) {
    if let Ok(name) = bounded(data, 1, || ExportedName::parse(data)) {
        assert_eq!(name.to_octets().unwrap(), data);
    }
}

/// OIDs: content octets, dotted text, and the text of `gss_str_to_oid`.
pub fn oid(data: &[u8]) {
    if let Ok(oid) = bounded(data, 1, || Oid::from_content(data)) {
        assert_eq!(oid.as_bytes(), data);
        // An arc of up to 128 bits for each octet.
        let text = bounded(data, 128, || oid.to_string());
        assert_eq!(text.parse::<Oid>().unwrap(), oid);
        assert_eq!(oid_text::read(oid_text::written(&oid).as_bytes()), Some(oid));
    }
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(oid) = bounded(data, 32, || text.parse::<Oid>())
    {
        assert_eq!(Oid::from_content(oid.as_bytes()).unwrap(), oid);
        assert_eq!(oid.to_string().parse::<Oid>().unwrap(), oid);
    }
    if let Some(oid) = bounded(data, 48, || oid_text::read(data)) {
        assert_eq!(oid_text::read(oid_text::written(&oid).as_bytes()), Some(oid));
    }
}

/// A folder in the place of the root directory, with files that include one another.
static FILES: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().display();
    for (name, text) in [
        ("a.conf", "a 1.2.3 a.so [x=1]\n".to_owned()),
        ("b.conf", format!("include {root}/a.conf\nb 1.2.4 b.so\ninclude {root}/b.conf\n")),
        ("c.conf", format!("include {root}/*.conf\nbad line\n")),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
});

/// A whole `plugins.conf`, its options and the files that it includes.
pub fn config(data: &[u8]) {
    let sources = Sources::text("/etc/gss/plugins.conf", in_folder(data)).plugin_dir("/plugins").policy(Policy::Warn);
    // A line of nine bytes becomes a mechanism's entry, and its name and OID are kept twice.
    let config = bounded(data, 256, || Config::load(&sources));
    let lines = data.split(|byte| *byte == b'\n').count();
    assert!(config.diagnostics.len() <= MAX_DIAGNOSTICS + 1);
    for diagnostic in &config.diagnostics {
        assert!(!diagnostic.to_string().is_empty());
        if diagnostic.file.as_os_str() == "/etc/gss/plugins.conf" {
            assert!(diagnostic.position.is_none_or(|position| (1..=lines).contains(&position.line)));
        }
    }
    let settings = &config.settings;
    assert!(settings.transfer_directory.as_ref().is_none_or(|directory| directory.is_absolute()));
    assert!((Duration::from_secs(1)..=Duration::from_secs(168 * 3600)).contains(&settings.transfer_wait));
    assert!(settings.transfer_limit >= 64 << 10);
    let (mut names, mut oids) = (HashSet::new(), HashSet::new());
    for line in &config.mechanisms {
        assert!(names.insert(&line.name), "{} twice", line.name);
        assert!(std::iter::once(&line.oid).chain(&line.aliases).all(|oid| oids.insert(oid)), "an OID twice");
        assert!(line.library.is_absolute() && !line.library.components().any(|part| part.as_os_str() == ".."));
        assert_eq!(line.settings, config.settings);
        assert!(line.options.iter().all(|(key, _)| !key.is_empty() && !key.starts_with("gss.")));
    }
}

/// The body of a `once` token, and the names that claims have in the store.
pub fn claim(data: &[u8]) {
    if let Ok(Some(claim)) = bounded(data, 1, || Claim::parse(data)) {
        let mut again = [0; Claim::LENGTH];
        claim.write(&mut again);
        assert_eq!(again, data);
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(audience) = bounded(data, 1, || text.parse::<Audience>()) {
        assert_eq!(audience.to_string(), text);
    }
    if let Ok(id) = bounded(data, 1, || text.parse::<TransferId>()) {
        assert_eq!(id.to_string(), text);
    }
}

static MECHANISM: Oid = Oid::from_static(b"\x2b\x06\x01\x04\x01\x2a\x02\x1a\x01\x02");

/// An entry of the transfer store: any bytes, or a sealed state that was altered, or is looked for by another claim or
/// at another place. It is opened as it was sealed, or not at all.
pub fn waiting_entry(data: &[u8]) {
    let mut choices = Choices(data);
    let (kind, which, value) = (choices.byte(), choices.byte(), choices.byte());
    let mut edits = Choices(choices.take(29));
    let state = choices.0;
    let mut claim = Claim {
        id: TransferId([1; 16]),
        audience: Audience::User(1000),
        not_after: 2_000_000_000,
        boot: [2; 8],
        class: 3,
        key: Zeroizing::new([3; 32]),
    };
    let mut origin = entry::Origin { owner: 1000, inode: 77 };
    let sealed = if kind & 1 == 0 {
        state.to_vec()
    } else {
        let header = entry::header(&MECHANISM);
        let mut sealed = secret(&[&header, state].concat());
        entry::seal(&mut sealed, &header, &claim, origin).unwrap();
        sealed.as_bytes().to_vec()
    };
    let mut altered = sealed.clone();
    edits.alter(&mut altered);
    let mechanism = bounded(data, 2, || entry::mechanism(&altered));
    let mut oid = MECHANISM.clone();
    match which {
        0 => origin.owner ^= u32::from(value),
        1 => origin.inode ^= u64::from(value),
        2..18 => claim.id.0[usize::from(which - 2)] ^= value,
        18 if value & 1 != 0 => claim.audience = Audience::Group(1000),
        19 => claim.not_after ^= u64::from(value),
        20..28 => claim.boot[usize::from(which - 20)] ^= value,
        28 => claim.class ^= value,
        29..61 => claim.key[usize::from(which - 29)] ^= value,
        61 => oid = Oid::from_static(b"\x2a\x03"),
        _ => {}
    }
    // Those of the last two that change nothing.
    let same = match which {
        18 => value & 1 == 0,
        61 => false,
        0..61 => value == 0,
        _ => true,
    };
    let mut entry = secret(&altered);
    let opened = bounded(data, 2, || entry::unseal(&mut entry, &oid, &claim, origin));
    assert_eq!(opened.is_some(), kind & 1 != 0 && same && altered == sealed);
    if let Some(place) = opened {
        assert_eq!(mechanism.as_ref(), Some(&MECHANISM));
        assert_eq!(&entry.as_bytes()[place], state);
    }
}

fn secret(bytes: &[u8]) -> SecretBuf {
    let mut secret = SecretBuf::default();
    secret.append(bytes.len()).unwrap().copy_from_slice(bytes);
    secret
}

/// A transfer store that anything may lie in, as `gssctl transfer` looks at it.
pub fn store(data: &[u8]) {
    static PLACE: LazyLock<Mutex<(tempfile::TempDir, Config)>> = LazyLock::new(|| {
        let folder = tempfile::tempdir_in("/dev/shm").unwrap();
        let text = format!("gss.transfer-directory={}", folder.path().display());
        let config = Config::load(&Sources::text("store.conf", text));
        assert!(config.diagnostics.is_empty(), "{:?}", config.diagnostics);
        Mutex::new((folder, config))
    });
    let place = PLACE.lock().unwrap_or_else(PoisonError::into_inner);
    let (base, settings) = (place.0.path(), &place.1.settings);
    let mut choices = Choices(data);
    let mut parts = [(); 3].map(|()| {
        let length = choices.byte();
        choices.take(usize::from(length % 64))
    });
    // A valid name in the place of one that is empty, so that the next one matters.
    let valid = [&b"u1000"[..], b"33333333.0", b"0123456789abcdef0123456789abcdef"];
    for (part, valid) in parts.iter_mut().zip(valid) {
        if part.is_empty() {
            *part = valid;
        }
        if part.contains(&0) || part.contains(&b'/') || matches!(*part, b"." | b"..") {
            return;
        }
    }
    let [audience, minute, id] = parts.map(OsStr::from_bytes);
    let folder: PathBuf = [base.as_os_str(), audience, minute].iter().collect();
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(id), choices.0).unwrap();
    let listing = bounded(data, 8, || admin::list(settings));
    assert!(listing.unseen.is_empty(), "{:?}", listing.unseen);
    for waiting in &listing.waiting {
        assert_eq!(waiting.path, folder.join(id));
        assert_eq!(waiting.id.to_string().as_bytes(), id.as_bytes());
        assert_eq!(waiting.audience.to_string().as_bytes(), audience.as_bytes());
        assert_eq!(waiting.size, choices.0.len() as u64);
        assert_eq!(waiting.mechanism, entry::mechanism(choices.0));
    }
    let swept = bounded(data, 8, || admin::sweep(settings)).removed;
    assert!(swept <= listing.waiting.len());
    assert_eq!(admin::list(settings).waiting.len(), listing.waiting.len() - swept);
    for waiting in &listing.waiting {
        assert_eq!(admin::revoke(settings, waiting.id).unwrap().is_some(), swept == 0);
    }
    assert!(admin::list(settings).waiting.is_empty());
    fs::remove_dir_all(base.join(audience)).unwrap();
}

/// The text with included paths moved into the folder: what lies on the machine at hand must not matter.
fn in_folder(text: &[u8]) -> Vec<u8> {
    let root = FILES.path().as_os_str().as_encoded_bytes();
    let mut moved = Vec::new();
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        match line.iter().position(|byte| *byte == b'/') {
            Some(at) if line.trim_ascii_start().starts_with(b"include") => {
                moved.extend_from_slice(&line[..at]);
                moved.extend_from_slice(root);
                moved.extend_from_slice(&line[at..]);
            }
            _ => moved.extend_from_slice(line),
        }
    }
    moved
}

/// The headers of a library, before the dynamic linker sees it.
pub fn elf_headers(data: &[u8]) {
    static LIBRARY: LazyLock<Mutex<File>> = LazyLock::new(|| Mutex::new(tempfile::tempfile().unwrap()));
    let library = LIBRARY.lock().unwrap_or_else(PoisonError::into_inner);
    library.set_len(data.len() as u64).unwrap();
    library.write_all_at(data, 0).unwrap();
    if bounded(&[], 0, || elf::needed_length(&library)).is_some() {
        assert!(data.starts_with(b"\x7fELF\x02") && data.len() >= 64);
    }
    // An entry of 16 bytes can lead to a name of 255.
    for name in bounded(data, 32, || needed::names(&library)).unwrap_or_default() {
        assert!(!name.is_empty() && name.len() <= 255 && !name.contains(['/', '\0']));
        assert!(data.windows(name.len()).any(|window| window == name.as_bytes()));
    }
}

/// A library that is all headers: it needs two others.
fn library_with_needs() -> Vec<u8> {
    let word = |value: u64| value.to_ne_bytes();
    let segment = |kind: u32, flags: u32, words: [u64; 6]| {
        [&kind.to_ne_bytes()[..], &flags.to_ne_bytes(), &words.map(word).concat()].concat()
    };
    let strings = b"\0libc.so.6\0libx.so\0";
    let dynamic = [1, 1, 1, 11, 5, 256, 0, 0].map(word).concat();
    let mut header = b"\x7fELF\x02".to_vec();
    header.push(if cfg!(target_endian = "little") { 1 } else { 2 });
    header.resize(64, 0);
    header[32..40].copy_from_slice(&word(64));
    header[54..56].copy_from_slice(&56_u16.to_ne_bytes());
    header[56..58].copy_from_slice(&2_u16.to_ne_bytes());
    let end = 256 + strings.len() as u64;
    let load = segment(1, 4, [0, 0, 0, end, end, 4096]);
    let needs = segment(2, 4, [176, 176, 176, 64, 64, 8]);
    let mut library = [header, load, needs, dynamic].concat();
    library.resize(256, 0);
    library.extend_from_slice(strings);
    library
}

/// Inputs to begin with, for each target.
pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let mechanism: Oid = "1.3.6.1.4.1.42.2.26.1.2".parse().unwrap();
    let long: Oid = format!("2.25.{}", u128::MAX).parse().unwrap();
    let mut frame = Vec::new();
    encapsulate(&mechanism, &[1; 200], &mut frame).unwrap();
    let name = |composite, content| ExportedName { mechanism: mechanism.clone(), composite, content };
    let program = fs::read(std::env::current_exe().unwrap()).unwrap();
    // Its header and program headers.
    let program = program[..2048].to_vec();
    let conf = "# name OID library\nkrb5-sim 2.25.333408798203062771534613329954957484479 libgss_mech_krb5_sim.so \
                [keytab=/etc/krb5-sim.keytab, gss.alias=1.2.840.113554.1.2.2 gss.transfer=once]\n\
                dummy 1.3.6.1.4.1.42.2.26.1.2 /lib/x/libdummy.so kmod [gss.default=yes gss.import-group=gss \
                gss.import-from=33 legs=3] # end\ni 1.2.3 i.so <interposer>\ninclude /c.conf\ninclude /b.conf\ninclude /*.conf\n";
    let mut body = [0; Claim::LENGTH];
    let claim = |audience| Claim {
        id: TransferId([1; 16]),
        audience,
        not_after: 2_000_000_000,
        boot: [2; 8],
        class: 3,
        key: Zeroizing::new([3; 32]),
    };
    claim(Audience::Group(33)).write(&mut body);
    let entry = [&entry::header(&mechanism)[..], b"sealed"].concat();
    let unaltered = |kind, which, value| [&[kind, which, value][..], &[0; 29], b"a state"].concat();
    vec![
        ("switch_claim", body.to_vec()),
        ("switch_claim", b"u1000".to_vec()),
        ("switch_claim", b"g33".to_vec()),
        ("switch_claim", b"0123456789abcdef0123456789abcdef".to_vec()),
        ("switch_entry", [&[0; 32], &entry[..]].concat()),
        ("switch_entry", unaltered(1, 200, 0)),
        ("switch_entry", unaltered(1, 0, 7)),
        ("switch_entry", unaltered(1, 1, 7)),
        ("switch_entry", unaltered(1, 5, 7)),
        ("switch_entry", unaltered(1, 18, 1)),
        ("switch_entry", unaltered(1, 19, 7)),
        ("switch_entry", unaltered(1, 25, 7)),
        ("switch_entry", unaltered(1, 28, 1)),
        ("switch_entry", unaltered(1, 30, 1)),
        ("switch_entry", unaltered(1, 61, 0)),
        ("switch_store", [&[0, 0, 0], &entry[..]].concat()),
        ("switch_store", [&b"\x03g33\x09100000.12\0"[..], &entry[..]].concat()),
        ("switch_store", b"\x02g1\x031.0\x01xsomething".to_vec()),
        (
            "switch_config",
            b"a 1.2.1 /lib/../a.so\nb 1.2.2 ./b.so\nc 1.2.3 lib//c.so\nd 1.2.4\ne 1.2.5 e.so [gss.x=1]\nf 1.2 f.so [\n\
              a 1.2.1 x.so\na 1.2.7 a.so\na 1.2.8 y.so [gss.alias=1.2.7]\n\x01\n\xff\n[x]\ninclude x\ninclude /*/x\n\
              gss.transfer-wait=0s gss.transfer-wait=1h\ngss.transfer-directory=/run/../x\ngss.transfer-limit=1\n"
                .to_vec(),
        ),
        (
            "switch_config",
            b"gss.transfer=portable gss.transfer-wait=10m\ngss.transfer-directory=/run/x gss.transfer-limit=1M # end\n"
                .to_vec(),
        ),
        ("switch_token", [&token::prefix(&mechanism)[..], b"body"].concat()),
        ("switch_token", [&token::prefix(&long)[..], &[0; 64]].concat()),
        ("switch_framing", frame),
        ("switch_framing", b"\x60\x07\x06\x02\x2a\x03\x01\x00x".to_vec()),
        // Lengths in more octets than they need, and an indefinite one.
        ("switch_framing", [&b"\x60\x82\0\xc8\x06\x02\x2a\x03"[..], &[1; 196]].concat()),
        ("switch_framing", b"\x60\x81\x06\x06\x02\x2a\x03\x01\0".to_vec()),
        ("switch_framing", b"\x60\x80\x06\x02\x2a\x03\x01\0\0\0".to_vec()),
        ("switch_framing", b"NTLMSSP\0\x01\0\0\0".to_vec()),
        ("switch_framing", b"\x6e\x03\x30\x01\0".to_vec()),
        ("switch_exported_name", name(false, b"alice").to_octets().unwrap()),
        ("switch_exported_name", name(true, b"alice and more").to_octets().unwrap()),
        ("switch_oid", mechanism.as_bytes().to_vec()),
        ("switch_oid", long.as_bytes().to_vec()),
        ("switch_oid", mechanism.to_string().into_bytes()),
        ("switch_oid", long.to_string().into_bytes()),
        ("switch_oid", b" { 1 2.840\t113554 } \0".to_vec()),
        ("switch_config", conf.as_bytes().to_vec()),
        ("switch_config", b"\xef\xbb\xbfinclude /a.conf\r\nbad\nn 1.2.9 ../x.so\n".to_vec()),
        ("switch_elf", program),
        ("switch_elf", library_with_needs()),
    ]
}
