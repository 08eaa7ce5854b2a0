//! `gssctl mechs` over the C mechanisms that exist, beside the Rust ones, and over the lines that packages have installed
//! for MIT's switch.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use gss_tests::{DUMMY, Site, mit, ntlmssp, product};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const KRB5_SIM: &str = "2.25.333408798203062771534613329954957484479";
const AES128: &str = "1.3.6.1.5.5.15.1.1.17";
/// Where Debian's packages for MIT's switch put their libraries, and ours as well if it is installed below /usr.
const PLUGINS: &str = "/usr/lib/x86_64-linux-gnu/gss";
/// What Debian's gssproxy installs as /etc/gss/mech.d/proxymech.conf.
const GSSPROXY: &str = "# GSS-API mechanism plugins\n#\n# Mechanism Name\tObject Identifier\t\tShared Library \
    Path\t\t\tOther Options\ngssproxy_v1\t\t2.16.840.1.113730.3.8.15.1\t/usr/lib/x86_64-linux-gnu/gssproxy/proxymech.so\
    \t\t<interposer>\n";

struct Answer {
    code: Option<i32>,
    out: String,
}

fn mechs(site: &Site, plugins: &Path, arguments: &[&str]) -> Answer {
    let mut gssctl = Command::new(product("gssctl", "gssctl"));
    gssctl.arg("--conf").arg(site.path("plugins.conf")).arg("--plugin-dir").arg(plugins).arg("mechs").args(arguments);
    // EAP looks for configuration in the home directory.
    let Output { status, stdout, stderr } = gssctl.env("HOME", site.path("")).output().unwrap();
    let out = String::from_utf8(stdout).unwrap();
    assert!(status.code().is_some(), "{status}: {out}{}", String::from_utf8_lossy(&stderr));
    Answer { code: status.code(), out }
}

/// A library that cannot be loaded: it calls a function that nobody has.
fn broken(site: &Site) {
    let (source, library) = (site.path("broken.c"), site.plugins().join("broken.so"));
    fs::write(&source, "void no_such_function(void); void gss_wrap(void) { no_such_function(); }\n").unwrap();
    let gcc = Command::new("gcc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source).status().unwrap();
    assert!(gcc.success());
}

/// Every kind of line there is.
fn full_site() -> Site {
    let site = Site::new();
    site.install_dummy();
    site.install(&product("gss-mech-krb5-sim", "libgss_mech_krb5_sim.so"));
    broken(&site);
    fs::write(site.plugins().join("text.so"), "no library\n").unwrap();
    let keytab = site.path("keytab");
    site.configure(
        "all",
        &format!(
            "krb5-sim {KRB5_SIM} libgss_mech_krb5_sim.so [realm=EXAMPLE.ORG keytab={}]\ndummy {DUMMY} \
             libgss_mech_dummy.so\nntlmssp {} {}\nkrb5 {} {mit}\nspnego {} {mit}\neap-aes128 {AES128} \
             {PLUGINS}/mech_eap.so\n{GSSPROXY}broken 1.2.3.4 broken.so\ntext 1.2.3.5 text.so",
            keytab.display(),
            ntlmssp::NTLMSSP,
            ntlmssp::LIBRARY,
            mit::KERBEROS,
            mit::SPNEGO,
            mit = mit::LIBRARY,
        ),
    );
    site
}

const WORKING: [(&str, &str); 6] =
    [("krb5-sim", "rust"), ("dummy", "rust"), ("ntlmssp", "c"), ("krb5", "c"), ("spnego", "c"), ("eap-aes128", "c")];

#[test]
fn c_mechanisms_stand_beside_rust_ones() {
    let site = full_site();
    let Answer { code, out } = mechs(&site, &site.plugins(), &[]);
    assert_eq!(code, Some(1), "some of them are broken: {out}");
    let line = |name: &str| {
        let mut lines = out.lines().skip_while(|line| line.split_whitespace().next() != Some(name));
        (lines.next().unwrap_or_else(|| panic!("no {name} in {out}")), lines.next().unwrap_or_default())
    };
    for (name, _) in WORKING {
        assert_eq!(line(name).0.split_whitespace().nth(2), Some("loaded"), "{out}");
    }
    let (state, reason) = line("gssproxy_v1");
    assert_eq!(state.split_whitespace().nth(2), Some("unsupported"));
    assert_eq!(reason.trim(), "interposers are not supported");
    // The dynamic linker's own words.
    for (name, words) in
        [("broken", "broken.so: undefined symbol: no_such_function"), ("text", "text.so: file too short")]
    {
        let (state, reason) = line(name);
        assert_eq!(state.split_whitespace().nth(2), Some("failed"));
        assert!(reason.ends_with(words), "{reason}");
    }
}

#[test]
fn c_mechanisms_say_in_json_what_they_are() {
    let site = full_site();
    let report: Value = serde_json::from_str(&mechs(&site, &site.plugins(), &["--json"]).out).unwrap();
    let mechanisms = report["mechanisms"].as_array().unwrap();
    let facts = |name: &str| mechanisms.iter().find(|facts| facts["name"] == name).unwrap();
    for (name, kind) in WORKING {
        let facts = facts(name);
        assert_eq!((&facts["state"], &facts["reason"]), (&Value::from("loaded"), &Value::Null), "{name}");
        let description = &facts["description"];
        assert_eq!(description["kind"], kind, "{name}");
        assert_eq!(description["export"], if kind == "c" { "one-phase" } else { "two-phase" }, "{name}");
        assert_eq!(description["sdk_version"].is_null(), kind == "c", "{name}");
        assert!(!description["attributes"].as_array().unwrap().is_empty(), "{name}");
    }
    assert_eq!(facts("ntlmssp")["description"]["sasl_name"], "GS2-NTLM");
    assert_eq!(facts("eap-aes128")["description"]["sasl_name"], "EAP-AES128");
    for (name, state) in [("gssproxy_v1", "unsupported"), ("broken", "failed"), ("text", "failed")] {
        assert_eq!(facts(name)["state"], state);
        assert!(facts(name)["reason"].is_string() && facts(name)["description"].is_null(), "{name}");
    }
}

#[test]
fn one_c_mechanism_is_shown_with_all_that_it_says() {
    let site = full_site();
    for name in ["ntlmssp", "krb5", "spnego", "eap-aes128"] {
        let Answer { code, out } = mechs(&site, &site.plugins(), &[name]);
        assert_eq!(code, Some(0), "{out}");
        let has = |label: &str, value: &str| {
            out.lines().any(|line| line.trim().strip_prefix(label).is_some_and(|rest| rest.trim().starts_with(value)))
        };
        assert!(has("plugin", "C mechanism") && has("export", "one-phase:") && has("transfer", "once"), "{out}");
        assert!(!has("SDK", ""), "{out}");
    }
    let rust = mechs(&site, &site.plugins(), &["dummy"]).out;
    assert!(!rust.contains("C mechanism") && !rust.contains("one-phase"), "{rust}");
    let Answer { code, out } = mechs(&site, &site.plugins(), &["broken"]);
    assert_eq!(code, Some(1));
    assert!(out.contains("undefined symbol: no_such_function"), "{out}");
}

/// The lines that Debian's packages have installed, as they are. Those without a path mean the folder of MIT's plugins.
#[test]
fn lines_of_packages_are_taken_as_they_are() {
    let site = Site::new();
    fs::create_dir(site.path("mech.d")).unwrap();
    site.write("mech.d/proxymech.conf", GSSPROXY);
    site.write(
        "plugins.conf",
        &format!("include /etc/gss/mech.d/*.conf\ninclude {}/*.conf\n", site.path("mech.d").display()),
    );
    let report: Value = serde_json::from_str(&mechs(&site, Path::new(PLUGINS), &["--json"]).out).unwrap();
    let mechanisms = report["mechanisms"].as_array().unwrap();
    for (name, oid, file) in [
        ("gssntlmssp_v1", ntlmssp::NTLMSSP.to_string().as_str(), "/etc/gss/mech.d/mech.ntlmssp.conf"),
        ("eap-aes128", AES128, "/etc/gss/mech.d/moonshot-gss-eap.conf"),
        ("eap-aes256", "1.3.6.1.5.5.15.1.1.18", "/etc/gss/mech.d/moonshot-gss-eap.conf"),
    ] {
        let facts = mechanisms.iter().find(|facts| facts["name"] == name);
        let facts = facts.unwrap_or_else(|| panic!("no {name}: run tests/setup-system.sh; {report:#}"));
        assert_eq!((facts["oid"].as_str(), facts["file"].as_str()), (Some(oid), Some(file)));
        assert_eq!(facts["state"], "loaded", "{facts:#}");
        assert_eq!(facts["description"]["kind"], "c");
    }
    let proxy = mechanisms.iter().find(|facts| facts["name"] == "gssproxy_v1").unwrap();
    assert_eq!(proxy["state"], "unsupported");
    // In another plugin directory a name without a path is not found, and that is said.
    let report: Value = serde_json::from_str(&mechs(&site, &site.plugins(), &["--json"]).out).unwrap();
    let eap = report["mechanisms"].as_array().unwrap().iter().find(|facts| facts["name"] == "eap-aes128").unwrap();
    assert_eq!(eap["state"], "failed");
    assert!(
        eap["reason"].as_str().unwrap().contains(&site.plugins().join("mech_eap.so").display().to_string()),
        "{eap}"
    );
}
