//! Plugins under test look for a function in the test's own executable: see `tests/bad_plugins.rs`.

fn main() {
    println!("cargo::rustc-link-arg-tests=-rdynamic");
    println!("cargo::rerun-if-changed=build.rs");
}
