//! Every input that fuzzing has kept, through the functions that the fuzzer calls: see `fuzz/`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "the targets' own helpers")]
#![allow(dead_code, unreachable_pub, reason = "parts of the targets that only the fuzzer uses")]

#[path = "../../fuzz/src/harness.rs"]
mod harness;
// `switch` includes `transfer/entry.rs`, which names these two by their paths in gss-core.
#[path = "../src/secret.rs"]
mod secret;
#[path = "../../fuzz/src/switch.rs"]
mod switch;
#[path = "../../fuzz/src/token.rs"]
mod token;

#[test]
fn kept_inputs_hold_what_the_targets_assert() {
    assert_eq!(harness::replay("switch_", switch::TARGETS), Vec::<String>::new(), "see the panics above");
}
