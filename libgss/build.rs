//! How the library is linked: its name, the version of its symbols, and that it stays once loaded.

fn main() {
    let map = concat!(env!("CARGO_MANIFEST_DIR"), "/versions.map");
    println!("cargo::rerun-if-changed={map}");
    let arguments = [
        "-Wl,-soname,libgss.so.1".to_owned(),
        // Holds the empty node; `.symver` beside each definition puts the symbols into it. rustc passes a script of
        // its own, and only lld takes two.
        format!("-Wl,--version-script={map}"),
        "-fuse-ld=lld".to_owned(),
        // The mechanisms that we load stay for ever, and call back into us.
        "-Wl,-z,nodelete".to_owned(),
    ];
    for argument in arguments {
        println!("cargo::rustc-cdylib-link-arg={argument}");
    }
}
