//! Every input that fuzzing has kept, through the functions that the fuzzer calls: see `fuzz/`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "the targets' own helpers")]
#![allow(dead_code, unreachable_pub, reason = "parts of the targets that only the fuzzer uses")]

#[path = "../../fuzz/src/harness.rs"]
mod harness;
#[path = "../../fuzz/src/krb5/mod.rs"]
mod krb5;

#[test]
fn kept_inputs_hold_what_the_targets_assert() {
    assert_eq!(harness::replay("krb5_", krb5::TARGETS), Vec::<String>::new(), "see the panics above");
}
