//! MIT's KDC on the loopback interface, in a temporary folder, for as long as a test runs.

use std::fs;
use std::io::Write;
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

pub(crate) const HOME: &str = "HOME.TEST";
pub(crate) const ABROAD: &str = "ABROAD.TEST";
const PASSWORD: &str = "open sesame";

/// Two realms that trust each other, with `alice@HOME.TEST`, `bob@ABROAD.TEST` and `host/server.test@HOME.TEST`.
pub(crate) struct Kdc {
    child: Child,
    ports: [u16; 2],
    folder: TempDir,
}

impl Kdc {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ports = [free_port(), free_port()];
        let path = |name: &str| folder.path().join(name).display().to_string();
        let realm = |realm: &str, port: u16| {
            format!(
                " {realm} = {{\n  database_name = {}\n  key_stash_file = {}\n  kdc_listen = 127.0.0.1:{port}\n  \
                 kdc_tcp_listen = \"\"\n  supported_enctypes = aes256-cts:normal aes128-cts:normal aes128-sha2:normal \
                 aes256-sha2:normal\n }}\n",
                path(realm),
                path(&format!("{realm}.stash")),
            )
        };
        let logging = format!("[logging]\n kdc = FILE:{}\n", path("log"));
        let profile = format!("{logging}[realms]\n{}{}", realm(HOME, ports[0]), realm(ABROAD, ports[1]));
        fs::write(folder.path().join("kdc.conf"), profile).unwrap();
        let config = config_in(folder.path(), ports, "");
        for realm in [HOME, ABROAD] {
            run(folder.path(), &config, "kdb5_util", &["-r", realm, "create", "-s", "-P", "master"], "");
            for other in [HOME, ABROAD].into_iter().filter(|other| *other != realm) {
                for trust in [format!("krbtgt/{other}@{realm}"), format!("krbtgt/{realm}@{other}")] {
                    kadmin(folder.path(), &config, realm, &format!("addprinc -pw trust {trust}"));
                }
            }
        }
        kadmin(folder.path(), &config, HOME, &format!("addprinc -pw \"{PASSWORD}\" alice"));
        kadmin(folder.path(), &config, ABROAD, &format!("addprinc -pw \"{PASSWORD}\" bob"));
        kadmin(folder.path(), &config, HOME, "addprinc -randkey +ok_as_delegate host/server.test");
        kadmin(folder.path(), &config, HOME, &format!("ktadd -k {} host/server.test", path("keytab")));
        let mut child = command(folder.path(), &config, "krb5kdc");
        let child = child.args(["-n", "-r", HOME, "-r", ABROAD]).stderr(Stdio::null()).spawn().unwrap();
        let mut kdc = Self { child, ports, folder };
        kdc.wait();
        kdc
    }

    /// It says in its log when it listens.
    fn wait(&mut self) {
        let log = self.folder.path().join("log");
        for _ in 0..400 {
            let lines = fs::read_to_string(&log).unwrap_or_default();
            if lines.contains("commencing operation") {
                return;
            }
            assert!(self.child.try_wait().unwrap().is_none(), "the KDC did not start: {lines}");
            std::thread::sleep(Duration::from_millis(25));
        }
        panic!("the KDC did not listen within 10 seconds");
    }

    /// The keytab with the service's keys.
    pub(crate) fn keytab(&self) -> PathBuf {
        self.folder.path().join("keytab")
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A krb5.conf that permits these encryption types only.
    pub(crate) fn config(&self, enctypes: &str) -> PathBuf {
        config_in(self.folder.path(), self.ports, &format!("permitted_enctypes = {enctypes}"))
    }

    /// A krb5.conf with one more setting.
    pub(crate) fn config_with(&self, setting: &str) -> PathBuf {
        config_in(self.folder.path(), self.ports, setting)
    }

    /// A credential cache with a forwardable ticket-granting ticket.
    pub(crate) fn login(&self, config: &Path, client: &str) -> PathBuf {
        let cache = self.folder.path().join(format!("{client}.{}", config.file_name().unwrap().display()));
        let arguments = ["-f", "-c", &cache.display().to_string(), client];
        run(self.folder.path(), config, "kinit", &arguments, &format!("{PASSWORD}\n"));
        cache
    }
}

impl Drop for Kdc {
    fn drop(&mut self) {
        // Nothing is left to do if it has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn config_in(folder: &Path, ports: [u16; 2], setting: &str) -> PathBuf {
    let path = folder.join(format!("krb5.conf.{}", setting.replace([' ', '='], "_")));
    let config = format!(
        "[libdefaults]\n default_realm = {HOME}\n dns_lookup_kdc = false\n dns_lookup_realm = false\n rdns = false\n \
         dns_canonicalize_hostname = false\n {setting}\n[realms]\n {HOME} = {{\n  kdc = 127.0.0.1:{}\n }}\n {ABROAD} = \
         {{\n  kdc = 127.0.0.1:{}\n }}\n[domain_realm]\n server.test = {HOME}\n",
        ports[0], ports[1]
    );
    fs::write(&path, config).unwrap();
    path
}

fn free_port() -> u16 {
    UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn command(folder: &Path, config: &Path, program: &str) -> Command {
    // Debian has the server's programs where only root looks.
    let program = ["/usr/sbin", "/sbin", "/usr/bin"].iter().map(|folder| Path::new(folder).join(program));
    let program = program.into_iter().find(|path| path.exists()).expect("krb5-kdc, krb5-admin-server and krb5-user");
    let mut command = Command::new(program);
    command.env("KRB5_CONFIG", config).env("KRB5_KDC_PROFILE", folder.join("kdc.conf")).stdout(Stdio::null());
    command
}

fn kadmin(folder: &Path, config: &Path, realm: &str, query: &str) {
    run(folder, config, "kadmin.local", &["-r", realm, "-q", query], "");
}

fn run(folder: &Path, config: &Path, program: &str, arguments: &[&str], input: &str) {
    let mut command = command(folder, config, program);
    let mut child = command.args(arguments).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}
