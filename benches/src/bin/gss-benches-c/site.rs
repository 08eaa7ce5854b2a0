//! A folder with everything that the programs need: plugins, configs, a keytab, a credential cache.

use crate::kerberos;
use gss_benches::install;
use gss_benches::library::Program;
use gss_mech_krb5_sim::oids;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// The dummy's OID and options: one leg.
const DUMMY: &str = "dummy 1.3.6.1.4.1.42.2.26.1.2 libgss_mech_dummy.so [legs=1,lifetime=3600]\n";

/// Of Debian's package gss-ntlmssp.
const NTLMSSP_LIBRARY: &str = "/usr/lib/x86_64-linux-gnu/gssntlmssp/gssntlmssp.so";

pub(crate) struct Site(TempDir);

impl Site {
    pub(crate) fn new() -> Self {
        let site = Self(tempfile::tempdir().expect("a temporary folder"));
        for plugin in ["libgss_mech_dummy.so", "libgss_mech_krb5_sim.so"] {
            install(plugin, site.folder());
        }
        kerberos::write(site.folder());
        let krb5 = |options: &str| format!("krb5 {} libgss_mech_krb5_sim.so [{options}]\n", oids::KERBEROS);
        // A line that means the same to MIT's switch and to ours.
        let ntlmssp = format!("ntlmssp 1.3.6.1.4.1.311.2.2.10 {NTLMSSP_LIBRARY}");
        let options = site.options();
        for (name, lines) in [
            ("dummy.conf", DUMMY.to_owned()),
            ("krb5.conf", krb5(&format!("{options} replay-cache=off gss.transfer=portable"))),
            ("ntlmssp-portable.conf", format!("{ntlmssp} [gss.transfer=portable]\n")),
            ("ntlmssp-once.conf", format!("{ntlmssp}\n")),
            ("remembering.conf", krb5(&format!("{options} replay-cache={}", site.folder().display()))),
        ] {
            fs::write(site.path(&format!("plugins-{name}")), lines).expect("a temporary folder");
        }
        fs::write(site.path("mech"), format!("{ntlmssp}\n")).expect("a temporary folder");
        fs::write(site.path("users"), "BENCH:someone:secret\n").expect("a temporary folder");
        // Until then krb5-sim reads a keytab anew each time: it may still change within a tick of the file's clock.
        std::thread::sleep(Duration::from_secs(3));
        site
    }

    pub(crate) fn folder(&self) -> &Path {
        self.0.path()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    fn options(&self) -> String {
        format!("keytab={} principal={}@{}", self.path("keytab").display(), kerberos::CLIENT, kerberos::REALM)
    }

    /// The mechanism's own options, for use without the switch.
    pub(crate) fn line(&self) -> String {
        format!("{} replay-cache=off", self.options())
    }

    pub(crate) fn dummy(&self) -> Program {
        let config = self.path("plugins-dummy.conf");
        Program::ours("libgss, dummy", self.folder(), config, ["dummy", "bench@localhost"])
    }

    /// Ours first: the others are compared with it. None of them keeps a replay cache: Heimdal's acceptor has none, and
    /// what is compared are the handshakes.
    pub(crate) fn kerberos(&self) -> [Program; 3] {
        [
            self.ours("libgss, krb5-sim", "plugins-krb5.conf"),
            self.theirs("MIT, krb5", "mit-krb5-gssapi").env("KRB5RCACHENAME", "none:"),
            self.theirs("Heimdal, krb5", "heimdal-gssapi").env("KRB5RCACHETYPE", "none"),
        ]
    }

    /// Ours, with a transfer store of its own in this folder, where contexts wait for as long as they live.
    pub(crate) fn once(&self, name: &'static str, store: &Path) -> Program {
        let config = format!("plugins-{}.conf", store.file_name().unwrap_or_default().display());
        let lines = format!(
            "gss.transfer-directory={} gss.transfer-limit=1G gss.transfer-wait=168h\n\
             krb5 {} libgss_mech_krb5_sim.so [{}]\n",
            store.display(),
            oids::KERBEROS,
            self.line(),
        );
        fs::write(self.path(&config), lines).expect("a temporary folder");
        self.ours(name, &config)
    }

    /// NTLMSSP, called directly, through MIT's switch, and through ours with each kind of token.
    pub(crate) fn ntlmssp(&self) -> [Program; 4] {
        let arguments = ["ntlmssp", "HTTP@machine"];
        let ours = |name, config: &str| Program::ours(name, self.folder(), self.path(config), arguments);
        [
            Program::direct("called directly", self.folder(), NTLMSSP_LIBRARY, arguments),
            Program::theirs("MIT's switch", self.folder(), "mit-krb5-gssapi", arguments)
                .env("GSS_MECH_CONFIG", self.path("mech")),
            ours("libgss, portable", "plugins-ntlmssp-portable.conf"),
            ours("libgss, once", "plugins-ntlmssp-once.conf"),
        ]
        .map(|program| {
            program
                .env("NTLM_USER_FILE", self.path("users"))
                .env("NETBIOS_COMPUTER_NAME", "MACHINE")
                .env("NETBIOS_DOMAIN_NAME", "BENCH")
        })
    }

    /// Those that have a replay cache, with it, in the same folder.
    pub(crate) fn remembering(&self) -> [Program; 2] {
        let cache = format!("file2:{}", self.path("mit.rcache").display());
        [
            self.ours("libgss, krb5-sim, replay cache", "plugins-remembering.conf"),
            self.theirs("MIT, krb5, replay cache", "mit-krb5-gssapi").env("KRB5RCACHENAME", cache),
        ]
    }

    fn ours(&self, name: &'static str, config: &str) -> Program {
        Program::ours(name, self.folder(), self.path(config), ["krb5", kerberos::TARGET])
    }

    fn theirs(&self, name: &'static str, package: &str) -> Program {
        Program::theirs(name, self.folder(), package, ["krb5", kerberos::TARGET])
            .env("KRB5_CONFIG", self.path("krb5.conf"))
            .env("KRB5CCNAME", self.path("ccache"))
            .env("KRB5_KTNAME", self.path("keytab"))
            // No mechanism of other packages.
            .env("GSS_MECH_CONFIG", "/dev/null")
    }
}
