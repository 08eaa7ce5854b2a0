use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use proptest::prelude::*;

use super::sources::Root;
use super::*;
use crate::trust::Policy;

fn read(text: impl Into<Vec<u8>>) -> Config {
    Config::load(&Sources::text("x.conf", text).plugin_dir("/plugins"))
}

/// The one mechanism of a text without defects.
fn one(text: &str) -> MechanismLine {
    let config = read(text);
    assert_eq!(messages(&config), [""; 0], "{text}");
    let [line] = &config.mechanisms[..] else {
        panic!("{text:?} gave {:?}", config.mechanisms);
    };
    line.clone()
}

fn messages(config: &Config) -> Vec<String> {
    config.diagnostics.iter().map(ToString::to_string).collect()
}

fn names(config: &Config) -> Vec<&str> {
    config.mechanisms.iter().map(|line| line.name.as_str()).collect()
}

#[test]
fn the_lines_of_real_mechanisms_work() {
    let ntlm =
        one("gssntlmssp_v1\t\t1.3.6.1.4.1.311.2.2.10\t        /usr/lib/x86_64-linux-gnu/gssntlmssp/gssntlmssp.so\n");
    assert_eq!(ntlm.name, "gssntlmssp_v1");
    assert_eq!(ntlm.oid.to_string(), "1.3.6.1.4.1.311.2.2.10");
    assert_eq!(ntlm.library, Path::new("/usr/lib/x86_64-linux-gnu/gssntlmssp/gssntlmssp.so"));
    assert_eq!((ntlm.kind, ntlm.kernel_module), (MechanismKind::Plugin, None));
    assert_eq!(ntlm.place.to_string(), "x.conf:1");

    let eap = one("eap-aes128 1.3.6.1.5.5.15.1.1.17 mech_eap.so");
    assert_eq!(eap.library, Path::new("/plugins/mech_eap.so"));

    let kerberos = one("kerberos_v5    1.2.840.113554.1.2.2   mech_krb5.so       kmech_krb5");
    assert_eq!(kerberos.kernel_module.as_deref(), Some("kmech_krb5"));

    let spnego = one("spnego         1.3.6.1.5.5.2          mech_spnego.so.1   [msinterop]");
    assert_eq!(spnego.kernel_module, None);
    assert_eq!(spnego.options.iter().collect::<Vec<_>>(), [("msinterop", None)]);

    let proxy =
        one("gssproxy_v1\t2.16.840.1.113730.3.8.15.1\t/usr/lib/x86_64-linux-gnu/gssproxy/proxymech.so\t<interposer>");
    assert_eq!(proxy.kind, MechanismKind::Interposer);

    let all = one("all {1.3.6} krb5/lib.so kmod [a=b]<interposer>");
    assert_eq!(all.oid.to_string(), "1.3.6");
    assert_eq!(all.library, Path::new("/plugins/krb5/lib.so"));
    assert_eq!(all.options.to_string(), "a=b");
}

#[test]
fn what_says_nothing_is_passed_over() {
    for text in
        ["", "\n", "\r\n", " \t \n", "#", "# a 1.2.3 b.so", "  \t# a 1.2.3 b.so", "\u{feff}", "\u{feff}# x", "\n\n\n"]
    {
        let config = read(text);
        assert!(config.mechanisms.is_empty() && config.diagnostics.is_empty(), "{text:?}: {:?}", messages(&config));
    }
    let config = read(b"# caf\xe9 \x1b[0m\na 1.2.3 b.so".to_vec());
    assert_eq!((names(&config), messages(&config)), (vec!["a"], vec![]));
}

#[test]
fn a_line_may_begin_and_end_in_many_ways() {
    let plain = one("a 1.2.3 b.so");
    for text in [
        "a 1.2.3 b.so\n",
        "a 1.2.3 b.so\r\n",
        "\u{feff}a 1.2.3 b.so\r\n\r\n",
        " \ta\t1.2.3\t \tb.so \t",
        "a 1.2.3 b.so # comment",
        "a 1.2.3 b.so\t#comment [ <",
        "a 1.2.3 b.so [] # comment",
        "a 1.2.3 b.so [ , ,\t]",
    ] {
        assert_eq!(one(text), plain, "{text:?}");
    }
    assert_eq!(one("a 1.2.3 b.so kmod # comment").kernel_module.as_deref(), Some("kmod"));
    assert_eq!(one("a 1.2.3 b.so kmod [x] <interposer> # comment").kind, MechanismKind::Interposer);
    assert_eq!(one("a#1 1.2.3 b.so#2").library, Path::new("/plugins/b.so#2"));
}

#[test]
fn options_of_the_core_and_of_the_mechanism() {
    let line = one("a 1.2.3 b.so [k=v=w,gss.transfer=once x  gss.import-group=www-data,gss.import-from=33 \
         gss.import-from=root,,gss.default=no\tgss.alias={1.2.4},gss.alias=1.2.5,x=,k#=<>]");
    assert_eq!(line.transfer, Some(TransferKind::Once));
    assert_eq!(line.import_group, Some(Account::Name("www-data".into())));
    assert_eq!(line.import_from, [Account::Id(33), Account::Name("root".into())]);
    assert_eq!(line.default, Some(false));
    assert_eq!(line.aliases, ["1.2.4".parse().unwrap(), "1.2.5".parse().unwrap()]);
    let rest: Vec<_> = line.options.iter().collect();
    assert_eq!(rest, [("k", Some("v=w")), ("x", None), ("x", Some("")), ("k#", Some("<>"))]);
    assert_eq!(line.options.to_string(), "k=v=w,x,x=,k#=<>");

    let line = one("a 1.2.3 b.so [gss.transfer=portable gss.default=yes]");
    assert_eq!((line.transfer, line.default), (Some(TransferKind::Portable), Some(true)));
    assert!(line.options.is_empty());
    let line = one("a 1.2.3 b.so");
    assert_eq!((line.transfer, line.default, line.import_group), (None, None, None));
}

#[test]
fn settings_hold_for_all_lines_whichever_stands_first() {
    let config = read(
        "a 1.2.1 b.so [gss.transfer=once]\n  gss.transfer=portable gss.transfer-wait=90m # both\n\
         gss.transfer-limit=2M\tgss.transfer-directory=/srv/t\nb 1.2.2 b.so",
    );
    assert_eq!(messages(&config), Vec::<String>::new());
    let settings = &config.settings;
    assert_eq!(settings.transfer, Some(TransferKind::Portable));
    assert_eq!(settings.transfer_wait.as_secs(), 5400);
    assert_eq!(settings.transfer_limit, 2 << 20);
    assert_eq!(settings.transfer_directory.as_deref(), Some(Path::new("/srv/t")));
    let kinds: Vec<_> = config.mechanisms.iter().map(MechanismLine::transfer_kind).collect();
    assert_eq!(kinds, [TransferKind::Once, TransferKind::Portable]);

    let line = one("a 1.2.3 b.so");
    assert_eq!(line.transfer_kind(), TransferKind::Once);
    assert_eq!((line.settings.transfer_wait.as_secs(), line.settings.transfer_limit), (36_000, 64 << 20));
    // The first counts, as with names and OIDs.
    let config = read("gss.transfer-wait=5 gss.transfer-wait=6\ngss.transfer-wait=7");
    assert_eq!(
        messages(&config),
        [
            "x.conf:1:21: gss.transfer-wait is set already, by x.conf:1",
            "x.conf:2:1: gss.transfer-wait is set already, by x.conf:1",
        ]
    );
    assert_eq!(config.settings.transfer_wait.as_secs(), 5);
}

/// A line, the column of its defect, and the message.
const DEFECTS: &[(&[u8], usize, &str)] = &[
    (b"a", 2, "the OID is missing, expected: name OID library [kernel-module] [options] <type>"),
    (b"  a \t# 1.2.3 b.so", 6, "the OID is missing, expected: name OID library [kernel-module] [options] <type>"),
    (b"a 1.2.3", 8, "the library is missing, expected: name OID library [kernel-module] [options] <type>"),
    (b"a 1.2.3 [x]", 9, "the library is missing, expected: name OID library [kernel-module] [options] <type>"),
    (b"a <interposer>", 3, "the OID is missing, expected: name OID library [kernel-module] [options] <type>"),
    (b"[a] 1.2.3 b.so", 1, "the name is missing, expected: name OID library [kernel-module] [options] <type>"),
    (b"a>b 1.2.3 b.so", 2, "found '>' in the name, expected a blank before options and type"),
    (b"a 1.2.3 b.so[x]", 13, "found '[' in the library, expected a blank before options and type"),
    (b"a 1.2.3 b.so kmod[x y]", 18, "found '[' in the kernel module, expected a blank before options and type"),
    (b"a 1.2.3 b.so ]", 14, "found ']' in the kernel module, expected a blank before options and type"),
    (
        b"a 1.3.6.1garbage b.so",
        3,
        "not an OID: expected numbers separated by dots, as in 1.2.840.113554.1.2.2, found \"1.3.6.1garbage\"",
    ),
    (b"a b.so 1.2.3", 3, "not an OID: expected numbers separated by dots, as in 1.2.840.113554.1.2.2, found \"b.so\""),
    (b"a {1.3 b.so", 3, "not an OID: expected numbers separated by dots, as in 1.2.840.113554.1.2.2, found \"{1.3\""),
    (b"a {} b.so", 3, "not an OID: an OID cannot be empty"),
    (b"a 1 b.so", 3, "not an OID: an OID has at least two arcs"),
    (b"a 3.1 b.so", 3, "not an OID: the first arc is 0, 1 or 2, and the second at most 39 under 0 and 1"),
    (b"a 1.2.3 ../b.so", 9, "library \"../b.so\" contains \"..\", expected a path without it"),
    (b"a 1.2.3 /usr/lib/../b.so", 9, "library \"/usr/lib/../b.so\" contains \"..\", expected a path without it"),
    (
        b"a 1.2.3 ./b.so",
        9,
        "library \"./b.so\" contains \".\", expected an absolute path or a name in the plugin directory",
    ),
    (b"a 1.2.3 b//b.so", 9, "library \"b//b.so\" has an empty component, expected the path of a file"),
    (b"a 1.2.3 /usr/lib/", 9, "library \"/usr/lib/\" has an empty component, expected the path of a file"),
    (b"a 1.2.3 b.so [x", 14, "'[' is not closed, expected ']' before the end of the line"),
    (b"a 1.2.3 b.so [x] <interposer", 18, "'<' is not closed, expected '>' before the end of the line"),
    (b"a 1.2.3 b.so <Interposer>", 15, "unknown type \"Interposer\", expected \"interposer\" or no type"),
    (b"a 1.2.3 b.so <>", 15, "unknown type \"\", expected \"interposer\" or no type"),
    (b"a 1.2.3 b.so kmod more", 19, "found \"more\", expected the end of the line"),
    (b"a 1.2.3 b.so [x] more", 18, "found \"more\", expected the end of the line"),
    (b"a 1.2.3 b.so [x]# more", 17, "found \"# more\", expected the end of the line"),
    (b"a 1.2.3 b.so <interposer> [x]", 27, "found \"[x]\", expected the end of the line"),
    (b"a 1.2.3 b.so [x] [y]", 18, "found \"[y]\", expected the end of the line"),
    (b"a 1.2.3 b.so [x,=y]", 17, "option \"=y\" has no key, expected key=value"),
    (
        b"a 1.2.3 b.so [x, gss.transport=once]",
        18,
        "unknown option \"gss.transport\", expected one of gss.transfer, gss.import-group, gss.import-from, \
         gss.default, gss.alias",
    ),
    (
        b"a 1.2.3 b.so [gss.transfer=twice]",
        28,
        "option gss.transfer has the value \"twice\", expected portable or once",
    ),
    (b"a 1.2.3 b.so [gss.transfer]", 27, "option gss.transfer has the value \"\", expected portable or once"),
    (
        b"a 1.2.3 b.so [x gss.transfer-wait=5]",
        17,
        "gss.transfer-wait holds for all mechanisms, expected it on a line of its own",
    ),
    (
        b"gss.transfer=once gss.default=no",
        19,
        "unknown setting \"gss.default=no\", expected one of gss.transfer, gss.transfer-directory, \
         gss.transfer-wait, gss.transfer-limit",
    ),
    (
        b"gss.transfer-directory=run/gss",
        24,
        "option gss.transfer-directory has the value \"run/gss\", expected an absolute path",
    ),
    (
        b"gss.transfer-directory=/run/../gss",
        24,
        "option gss.transfer-directory has the value \"/run/../gss\", expected an absolute path",
    ),
    (
        b"gss.transfer-wait=0",
        19,
        "option gss.transfer-wait has the value \"0\", expected seconds, or a number with s, m or h, from 1s to 168h",
    ),
    (
        b"gss.transfer-wait=169h",
        19,
        "option gss.transfer-wait has the value \"169h\", expected seconds, or a number with s, m or h, from 1s to 168h",
    ),
    (
        b"gss.transfer-limit=-1M",
        20,
        "option gss.transfer-limit has the value \"-1M\", expected bytes, or a number with K, M or G, at least 64K",
    ),
    (b"a 1.2.3 b.so [gss.default=true]", 27, "option gss.default has the value \"true\", expected yes or no"),
    (
        b"a 1.2.3 b.so [gss.import-group=]",
        32,
        "option gss.import-group has the value \"\", expected the name or gid of a group",
    ),
    (
        b"a 1.2.3 b.so [gss.import-from=4294967295]",
        31,
        "option gss.import-from has the value \"4294967295\", expected the name or uid of a user",
    ),
    (
        b"a 1.2.3 b.so [gss.import-from=-1]",
        31,
        "option gss.import-from has the value \"-1\", expected the name or uid of a user",
    ),
    (b"a 1.2.3 b.so [gss.alias=1]", 25, "not an OID: an OID has at least two arcs"),
    (b"a 1.2.3 b.so [gss.default=yes gss.default=yes]", 31, "option gss.default is given twice, expected once"),
    (b"a 1.2.3 b.so [gss.alias=1.2.3]", 25, "OID 1.2.3 is configured already at x.conf:2, the first line stays"),
    (
        b"a 1.2.3 b.so [gss.alias=1.2.4 gss.alias=1.2.4]",
        41,
        "OID 1.2.4 is configured already at x.conf:2, the first line stays",
    ),
    (b"first 1.2.3 b.so", 1, "name \"first\" is configured already at x.conf:1, the first line stays"),
    (b" b 1.2.99 b.so", 4, "OID 1.2.99 is configured already at x.conf:1, the first line stays"),
    (b"b 1.2.98 b.so", 3, "OID 1.2.98 is configured already at x.conf:1, the first line stays"),
    (b"b 1.2.3 b.so [gss.alias=1.2.98]", 25, "OID 1.2.98 is configured already at x.conf:1, the first line stays"),
    (b"a 1.2.3 b\xff.so", 10, "found the byte 0xff, expected UTF-8 text"),
    (b"a 1.2.3 b\0.so", 10, "found the control character '\\0', expected text, blanks and tabs"),
    (b"a 1.2.3 b.so # \x1b", 16, "found the control character '\\u{1b}', expected text, blanks and tabs"),
    (b"a 1.2.3 b.so\r\r", 13, "found the control character '\\r', expected text, blanks and tabs"),
    (b"include", 8, "include without a file, expected: include /absolute/path/*.conf"),
    (b"include # all", 9, "include without a file, expected: include /absolute/path/*.conf"),
    (b"include 1.2.3 b.so", 9, "include of \"1.2.3\", expected an absolute path"),
    (b"include mech.d/*.conf", 9, "include of \"mech.d/*.conf\", expected an absolute path"),
    (
        b"include /etc/gss/",
        9,
        "include of \"/etc/gss/\", expected the path of a file, or a pattern of files, at its end",
    ),
    (
        b"include /etc/*.d/*.conf",
        14,
        "include of \"/etc/*.d/*.conf\": '*' in a directory's name, expected * and ? in the last component only",
    ),
    (b"include /a /b", 12, "found \"/b\", expected the end of the line"),
    (b"include /nonexistent/gss.conf", 9, "cannot open /nonexistent/gss.conf: No such file or directory (os error 2)"),
];

#[test]
fn each_defect_is_reported_where_it_is_and_costs_its_line_only() {
    for (line, column, message) in DEFECTS {
        let shown = String::from_utf8_lossy(line);
        let mut text = b"first 1.2.99 b.so [gss.alias=1.2.98]\n".to_vec();
        text.extend_from_slice(line);
        text.extend_from_slice(b"\nlast 1.2.100 b.so\n");
        let config = read(text);
        assert_eq!(messages(&config), [format!("x.conf:2:{column}: {message}")], "{shown:?}");
        assert_eq!(config.diagnostics[0].severity(), Severity::Error);
        assert_eq!(names(&config), ["first", "last"], "{shown:?}");
    }
}

#[test]
fn limits_are_diagnostics() {
    let at_limit = format!("a 1.2.3 {}.so", "b".repeat(MAX_LINE - 11));
    assert_eq!(at_limit.len(), MAX_LINE);
    assert_eq!(names(&read(at_limit.clone())), ["a"]);
    let config = read(format!("{at_limit}x\r\nb 1.2.4 b.so"));
    assert_eq!(messages(&config), ["x.conf:1:8193: a line of 8193 bytes, expected at most 8192"]);
    assert_eq!(names(&config), ["b"]);

    let many: String = (0..=MAX_MECHANISMS).map(|index| format!("m{index} 1.2.{index} b.so\n")).collect();
    let config = read(many);
    assert_eq!(config.mechanisms.len(), MAX_MECHANISMS);
    assert_eq!(messages(&config), ["x.conf:4097:1: more than 4096 mechanisms, this line is not used"]);

    let config = read("x\n".repeat(100_000));
    assert_eq!(config.diagnostics.len(), MAX_DIAGNOSTICS + 1);
    let last = config.diagnostics.last().unwrap().to_string();
    assert_eq!(last, "x.conf:1001:1: more than 1000 defects, later ones are not listed".replace(":1:", ":2:"));

    let config = read(format!("a 1.2.3 b.so {}", "c".repeat(100)));
    assert_eq!(messages(&config), [""; 0]);
    let config = read(format!("a 1.2.3 b.so x {}", "é".repeat(100)));
    let shown = format!("found \"{}...\", expected the end of the line", "é".repeat(80));
    assert_eq!(messages(&config), [format!("x.conf:1:16: {shown}")]);
}

/// A directory of config files, read without regard to where it lies.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().canonicalize().unwrap().join(name)
    }

    /// Writes a file in which `@` stands for this directory.
    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text.replace('@', self.path("").to_str().unwrap())).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        path
    }

    fn sources(&self, root: Root) -> Sources {
        Sources { root, ..Sources::system() }.plugin_dir("/plugins").policy(Policy::Warn)
    }

    fn file(&self, name: &str) -> Sources {
        self.sources(Root::File(self.path(name)))
    }

    fn system(&self) -> Sources {
        self.sources(Root::System { file: self.path("plugins.conf"), directory: self.path("plugins.d") })
    }

    /// The diagnostics, with `@` for this directory, except findings about where it lies.
    fn messages(&self, config: &Config) -> Vec<String> {
        let inside = |diagnostic: &&Diagnostic| match &diagnostic.defect {
            Defect::Untrusted(finding) => finding.path().starts_with(self.path("")),
            _ => true,
        };
        let base = self.path("");
        let shown = |diagnostic: &Diagnostic| diagnostic.to_string().replace(base.to_str().unwrap(), "@");
        config.diagnostics.iter().filter(inside).map(shown).collect()
    }

    /// Loads once what was just written has settled.
    fn load_settled(&self, sources: &Sources) -> Config {
        std::thread::sleep(Duration::from_millis(50));
        let config = Config::load(sources);
        assert!(!config.changed_since());
        config
    }
}

#[test]
fn the_systems_files_are_read_in_order() {
    let folder = Folder::new();
    folder.write("plugins.conf", "main 1.2.1 b.so\n");
    for (index, name) in ["b.conf", "a.conf", "B.conf", "10.conf", "9.conf"].iter().enumerate() {
        folder.write(&format!("plugins.d/{name}"), &format!("{name} 1.3.{index} b.so\n"));
    }
    for name in [".hidden.conf", "a.conf~", "a.conf.dpkg-old", "conf", ".conf"] {
        folder.write(&format!("plugins.d/{name}"), "bad");
    }
    let config = Config::load(&folder.system());
    assert_eq!(folder.messages(&config), [""; 0]);
    assert_eq!(names(&config), ["main", "10.conf", "9.conf", "B.conf", "a.conf", "b.conf"]);
    assert_eq!(config.mechanisms[1].place, Place { file: folder.path("plugins.d/10.conf").into(), line: 1 });
}

#[test]
fn no_configuration_is_a_warning_and_a_missing_named_file_an_error() {
    let folder = Folder::new();
    let config = Config::load(&folder.system());
    assert_eq!(
        folder.messages(&config),
        ["@plugins.conf: there is no config file, and so no mechanism; expected @plugins.conf or @plugins.d/*.conf"]
    );
    assert_eq!(config.diagnostics[0].severity(), Severity::Warning);

    folder.write("plugins.d/a.conf", "a 1.2.3 b.so");
    assert_eq!(folder.messages(&Config::load(&folder.system())), [""; 0]);

    let config = Config::load(&folder.file("plugins.conf"));
    assert_eq!(
        folder.messages(&config),
        ["@plugins.conf: cannot open @plugins.conf: No such file or directory (os error 2)"]
    );
    assert_eq!(config.diagnostics[0].severity(), Severity::Error);
    let config = Config::load(&folder.file("plugins.d"));
    assert_eq!(folder.messages(&config), ["@plugins.d: @plugins.d is a directory, expected a regular file"]);

    fs::write(folder.path("no-directory"), "").unwrap();
    let root = Root::System { file: folder.path("plugins.conf"), directory: folder.path("no-directory") };
    let config = Config::load(&folder.sources(root));
    assert!(folder.messages(&config)[0].starts_with("@no-directory: cannot list @no-directory: Not a directory"));
}

#[test]
fn includes_stand_where_they_are_written() {
    let folder = Folder::new();
    folder.write("main", "a 1.2.1 b.so\ninclude @mech.d/*.conf # packages\n include\t@one\r\nz 1.2.9 b.so\n");
    folder.write("mech.d/2.conf", "c 1.2.3 b.so\n");
    folder.write("mech.d/1.conf", "b 1.2.2 b.so\n");
    folder.write("mech.d/.3.conf", "bad");
    folder.write("one", "d 1.2.4 b.so\ninclude @mech.d/?.opt\n");
    folder.write("mech.d/x.opt", "e 1.2.5 b.so\nbad\na 1.2.6 b.so\nf 1.2.1 b.so\n");
    folder.write("mech.d/xx.opt", "bad");
    let config = Config::load(&folder.file("main"));
    assert_eq!(names(&config), ["a", "b", "c", "d", "e", "z"]);
    assert_eq!(
        folder.messages(&config),
        [
            "@mech.d/x.opt:2:4: the OID is missing, expected: name OID library [kernel-module] [options] <type>",
            "@mech.d/x.opt:3:1: name \"a\" is configured already at @main:1, the first line stays",
            "@mech.d/x.opt:4:3: OID 1.2.1 is configured already at @main:1, the first line stays",
        ]
    );
}

#[test]
fn a_pattern_without_files_is_no_defect_and_a_missing_file_is() {
    let folder = Folder::new();
    folder.write("main", "include @none.d/*.conf\ninclude @none\na 1.2.3 b.so");
    let config = Config::load(&folder.file("main"));
    assert_eq!(folder.messages(&config), ["@main:2:9: cannot open @none: No such file or directory (os error 2)"]);
    assert_eq!(names(&config), ["a"]);
}

#[test]
fn includes_end() {
    let folder = Folder::new();
    folder.write("self", "a 1.2.3 b.so\ninclude @link\nb 1.2.4 b.so");
    symlink("self", folder.path("link")).unwrap();
    let config = Config::load(&folder.file("self"));
    assert_eq!(folder.messages(&config), ["@self:2:9: @link includes itself"]);
    assert_eq!(names(&config), ["a", "b"]);

    folder.write("x", "include @y\n");
    folder.write("y", "include @x\n");
    assert_eq!(folder.messages(&Config::load(&folder.file("x"))), ["@y:1:9: @x includes itself"]);

    folder.write("twice", "include @self2\ninclude @self2\n");
    folder.write("self2", "a 1.2.3 b.so\n");
    let config = Config::load(&folder.file("twice"));
    assert_eq!(folder.messages(&config), ["@twice:2:9: @self2 has been read already as @self2"]);
    assert_eq!(config.diagnostics.last().unwrap().severity(), Severity::Warning);
    assert_eq!(names(&config), ["a"]);

    for depth in 0..=MAX_DEPTH {
        folder.write(&format!("deep{depth}"), &format!("m{depth} 1.2.{depth} b.so\ninclude @deep{}\n", depth + 1));
    }
    let config = Config::load(&folder.file("deep0"));
    assert_eq!(config.mechanisms.len(), MAX_DEPTH + 1);
    assert_eq!(folder.messages(&config), ["@deep8:2:9: @deep9 is included over more than 8 levels"]);

    // As wide as it is deep: each file names them all.
    let all: String = (0..40).map(|index| format!("include @wide{index}\n")).collect();
    (0..40).for_each(|index| drop(folder.write(&format!("wide{index}"), &all)));
    let start = Instant::now();
    Config::load(&folder.file("wide0"));
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn too_large_a_file_is_not_read() {
    let folder = Folder::new();
    folder.write("large", &"#\n".repeat(MAX_FILE as usize / 2));
    assert_eq!(folder.messages(&Config::load(&folder.file("large"))), [""; 0]);
    folder.write("large", &format!("a 1.2.3 b.so\n{}", "#\n".repeat(MAX_FILE as usize / 2)));
    folder.write("main", "include @large\n");
    let config = Config::load(&folder.file("main"));
    assert_eq!(folder.messages(&config), ["@main:1:9: @large is larger than 1048576 bytes, none of it is used"]);
    assert!(config.mechanisms.is_empty());
}

#[test]
fn too_many_files_are_not_read() {
    let folder = Folder::new();
    for index in 0..MAX_FILES {
        folder.write(&format!("many/{index:04}"), "");
    }
    folder.write("main", "include @many/*\n");
    let config = Config::load(&folder.file("main"));
    assert_eq!(folder.messages(&config), ["@main:1:9: more than 1024 config files, @many/1023 is not read"]);
}

#[test]
fn a_file_that_others_may_write_is_refused_or_reported() {
    let folder = Folder::new();
    folder.write("plugins.conf", "a 1.2.1 b.so\ninclude @loose\n");
    let loose = folder.write("loose", "b 1.2.2 b.so\n");
    fs::set_permissions(&loose, Permissions::from_mode(0o664)).unwrap();

    let finding = "@loose is writable by its group (mode 0664), expected to be writable by its owner only";
    let config = folder.load_settled(&folder.file("plugins.conf"));
    assert_eq!(
        folder.messages(&config),
        [format!("@plugins.conf:2:9: used, but programs of root would refuse it: {finding}")]
    );
    assert!(config.diagnostics.iter().all(|diagnostic| diagnostic.severity() == Severity::Warning));
    assert_eq!(names(&config), ["a", "b"]);
    assert!(!config.changed_since());

    let text = format!("include {}", loose.display());
    let refused = Config::load(&Sources::text("x.conf", text).policy(Policy::Refuse));
    assert!(refused.mechanisms.is_empty());
    let [message] = &folder.messages(&refused)[..] else {
        panic!("{:?}", refused.diagnostics);
    };
    assert!(message.starts_with("x.conf:1:9: @loose is not to be trusted: "), "{message}");
    assert!(message.ends_with(finding), "{message}");

    assert!(!refused.changed_since());
    fs::set_permissions(&loose, Permissions::from_mode(0o644)).unwrap();
    assert!(refused.changed_since());
}

#[test]
fn a_directory_that_others_may_write_is_reported_once() {
    let folder = Folder::new();
    folder.write("open/a", "a 1.2.1 b.so\ninclude @open/b\n");
    folder.write("open/b", "b 1.2.2 b.so\n");
    let mode = |mode| fs::set_permissions(folder.path("open"), Permissions::from_mode(mode)).unwrap();
    mode(0o777);
    let config = folder.load_settled(&folder.file("open/a"));
    let refused = folder.load_settled(&folder.file("open/a").policy(Policy::Refuse));
    assert!(refused.mechanisms.is_empty());
    assert_eq!(
        folder.messages(&config),
        ["@open/a: used, but programs of root would refuse it: @open is writable by its group and others \
          (mode 0777), \
          expected to be writable by its owner only"]
    );
    folder.write("open/unrelated", "");
    assert!(!config.changed_since() && !refused.changed_since());
    mode(0o755);
    assert!(config.changed_since() && refused.changed_since());
}

#[test]
fn every_change_is_noticed() {
    let folder = Folder::new();
    let main = folder.write("plugins.conf", "a 1.2.1 b.so\ninclude @extra\ninclude @mech.d/*.conf\n");
    let system = folder.system();
    let changed = |what: &str, change: &dyn Fn()| {
        let config = folder.load_settled(&system);
        change();
        assert!(config.changed_since(), "{what}");
    };
    changed("a file appears that an include names", &|| {
        drop(folder.write("extra", ""));
    });
    changed("a directory appears that an include names", &|| {
        drop(folder.write("mech.d/1.conf", ""));
    });
    changed("a file appears in a directory", &|| {
        drop(folder.write("mech.d/2.conf", ""));
    });
    changed("the system's directory appears", &|| {
        drop(folder.write("plugins.d/1.conf", "b 1.2.2 b.so\n"));
    });
    changed("a file of the system's directory appears", &|| {
        drop(folder.write("plugins.d/2.conf", ""));
    });
    changed("a file grows", &|| {
        drop(folder.write("plugins.d/2.conf", "c 1.2.3 b.so\n"));
    });
    changed("a file changes within its size and keeps its time", &|| {
        let modified = fs::metadata(&main).unwrap().modified().unwrap();
        let text = fs::read_to_string(&main).unwrap().replace("a 1.2.1", "a 1.2.7");
        fs::write(&main, text).unwrap();
        fs::File::options().write(true).open(&main).unwrap().set_modified(modified).unwrap();
    });
    changed("a file is replaced by an older one", &|| {
        let new = folder.write("new", "a 1.2.8 b.so\n");
        fs::File::options().write(true).open(&new).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
        fs::rename(new, &main).unwrap();
    });
    changed("a file vanishes", &|| {
        fs::remove_file(folder.path("plugins.d/1.conf")).unwrap();
    });
    changed("the main file vanishes", &|| {
        fs::remove_file(&main).unwrap();
    });
    changed("the main file appears", &|| drop(folder.write("plugins.conf", "")));
    folder.load_settled(&system);
}

#[test]
fn a_second_change_in_one_clock_tick_is_noticed() {
    let folder = Folder::new();
    let path = folder.write("plugins.conf", "a 1.2.1 b.so\n");
    let mut in_time = false;
    for _ in 0..200 {
        let config = Config::load(&folder.file("plugins.conf"));
        in_time |= config.changed_since();
        fs::write(&path, "a 1.2.2 b.so\n").unwrap();
        assert!(config.changed_since());
    }
    // Whatever the kernel's clock: a file that has just been written counts as changed before it is written again.
    assert!(in_time);
}

#[test]
fn a_text_never_changes() {
    assert!(!read("a 1.2.1 b.so").changed_since());
}

/// Lines as people write them; each is good.
const GOOD: &[&str] = &[
    "# name        OID                       library",
    "",
    "kerberos_v5    1.2.840.113554.1.2.2   mech_krb5.so       kmech_krb5",
    "spnego\t1.3.6.1.5.5.2\tmech_spnego.so.1\t[msinterop] # negotiates",
    "gssntlmssp_v1\t\t1.3.6.1.4.1.311.2.2.10\t        /usr/lib/x86_64-linux-gnu/gssntlmssp/gssntlmssp.so\r",
    "eap-aes128 1.3.6.1.5.5.15.1.1.17 mech_eap.so",
    "gssproxy_v1 2.16.840.1.113730.3.8.15.1 /usr/lib/gssproxy/proxymech.so <interposer>",
    "krb5-sim {2.25.340282366920938463463374607431768211455} sim.so [keytab=/etc/é.keytab,gss.transfer=once \
     gss.alias=1.2.840.48018.1.2.2,gss.import-from=33,gss.default=no] # é",
    "include /nonexistent/mech.d/*.conf",
    "gss.transfer=once gss.transfer-wait=600 gss.transfer-directory=/run/gss/transfer # é",
    "last 1.3.6.1.4.1.42.2.26.1.2 krb5/libgss_mech_dummy.so kmod [a b=c,d] <interposer>",
];

#[derive(Debug, Clone)]
enum Mutation {
    Replace(usize, u8),
    Insert(usize, u8),
    Delete(usize),
    Cut(usize, usize),
    Copy(usize, usize, usize),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let at = || 0..2000_usize;
    // Bytes that mean something, more often than chance would have them.
    let byte = || prop_oneof![any::<u8>(), proptest::sample::select(b" \t\r\n#[]<>=,./{}*?g\0\xc3\xef".to_vec())];
    prop_oneof![
        (at(), byte()).prop_map(|(at, byte)| Mutation::Replace(at, byte)),
        (at(), byte()).prop_map(|(at, byte)| Mutation::Insert(at, byte)),
        at().prop_map(Mutation::Delete),
        (at(), 0..40_usize).prop_map(|(at, length)| Mutation::Cut(at, length)),
        (at(), 0..40_usize, at()).prop_map(|(from, length, to)| Mutation::Copy(from, length, to)),
    ]
}

fn mutate(bytes: &mut Vec<u8>, mutation: &Mutation) {
    let length = bytes.len();
    let at = |wanted: usize| wanted % (length + 1);
    match *mutation {
        Mutation::Replace(wanted, byte) if length > 0 => bytes[wanted % length] = byte,
        Mutation::Delete(wanted) if length > 0 => drop(bytes.remove(wanted % length)),
        Mutation::Insert(wanted, byte) => bytes.insert(at(wanted), byte),
        Mutation::Cut(wanted, count) => drop(bytes.drain(at(wanted)..(at(wanted) + count).min(length))),
        Mutation::Copy(from, count, to) => {
            let part = bytes[at(from)..(at(from) + count).min(length)].to_vec();
            bytes.splice(at(to)..at(to), part);
        }
        _ => {}
    }
}

/// Each line that says something is a mechanism, an include, or the place of one diagnostic, within the line.
fn account_for_each_line(text: &[u8]) -> Config {
    let config = read(text);
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
        let number = index + 1;
        let ours = |file: &Path| file == Path::new("x.conf");
        let mechanisms =
            config.mechanisms.iter().filter(|mechanism| ours(&mechanism.place.file) && mechanism.place.line == number);
        let mechanisms = mechanisms.count();
        let defects: Vec<_> = config
            .diagnostics
            .iter()
            .filter(|diagnostic| ours(&diagnostic.file))
            .filter(|diagnostic| diagnostic.position.is_some_and(|position| position.line == number))
            .collect();
        for defect in &defects {
            let column = defect.position.unwrap().column;
            assert!((1..=line.len() + 1).contains(&column), "{defect}");
        }
        let trimmed = line.trim_ascii_start();
        let silent = trimmed.is_empty() || trimmed[0] == b'#';
        // What an include brings is of another file, and a line of settings may repeat several.
        let include = trimmed.starts_with(b"include");
        let settings = trimmed.starts_with(b"gss.");
        let found = mechanisms + defects.len();
        let expected = if silent { found == 0 } else { found == 1 || include && found == 0 || settings };
        assert!(expected, "{:?}: {mechanisms} mechanisms, {defects:?}", String::from_utf8_lossy(line));
        if GOOD.iter().any(|good| good.as_bytes() == line) && !silent {
            let duplicate = |defect: &&Diagnostic| {
                use Defect::{DuplicateName, DuplicateOid, RepeatedSetting};
                matches!(defect.defect, DuplicateName { .. } | DuplicateOid { .. } | RepeatedSetting { .. })
            };
            assert!(defects.iter().all(duplicate), "a good line was lost: {defects:?}");
        }
    }
    config
}

#[test]
fn the_seed_of_the_mutations_is_good() {
    let config = account_for_each_line(GOOD.join("\n").as_bytes());
    assert_eq!((config.mechanisms.len(), messages(&config)), (7, vec![]));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_mutation_of_a_file_panics_or_costs_a_good_line(mutations in proptest::collection::vec(mutation(), 1..12)) {
        let mut bytes = GOOD.join("\n").into_bytes();
        mutations.iter().for_each(|mutation| mutate(&mut bytes, mutation));
        account_for_each_line(&bytes);
    }

    #[test]
    fn a_mutated_line_costs_no_other(
        line in 0..GOOD.len(),
        mutations in proptest::collection::vec(mutation(), 1..6),
    ) {
        let mut lines: Vec<Vec<u8>> = GOOD.iter().map(|line| line.as_bytes().to_vec()).collect();
        mutations.iter().for_each(|mutation| mutate(&mut lines[line], mutation));
        lines[line].retain(|byte| *byte != b'\n');
        let config = account_for_each_line(&lines.join(&b'\n'));
        let others = GOOD.iter().enumerate().filter(|(index, _)| *index != line).count();
        // An empty line, a comment, an include and settings are no mechanisms. (A mutated name or OID may come to be another's.)
        let kept = config.mechanisms.iter().filter(|mechanism| mechanism.place.line != line + 1).count();
        let duplicates = config.diagnostics.iter().filter(|diagnostic| {
            diagnostic.position.is_some_and(|position| position.line != line + 1)
                && !matches!(diagnostic.defect, Defect::RepeatedSetting { .. })
        }).count();
        let silent = [0, 1, 8, 9].iter().filter(|index| **index != line).count();
        prop_assert_eq!(kept + duplicates, others - silent);
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        account_for_each_line(&bytes);
    }
}
