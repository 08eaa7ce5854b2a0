//! Writes the inputs to begin with into `corpus/`, made from valid objects: `cargo run --example seeds`.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

fn main() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut count = HashMap::new();
    let seeds = [gss_fuzz::switch::seeds(), gss_fuzz::dummy::seeds(), gss_fuzz::krb5::seeds()];
    for (target, input) in seeds.into_iter().flatten() {
        let folder = corpus.join(target);
        let number = count.entry(target).and_modify(|number| *number += 1).or_insert(1);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("seed-{number:02}")), input).unwrap();
    }
}
