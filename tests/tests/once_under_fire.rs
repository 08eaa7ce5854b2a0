//! A token that many processes import at the same moment: one gets the context, and all others learn that it is gone.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]
#![allow(clippy::print_stdout, reason = "what was done is part of the result")]

use gss_tests::c::{Build, Library};
use gss_tests::party::{Outcome, PREPARED, WHOLE, Worker, prove};
use gss_tests::{DUMMY, dummy_site, establish};
use rustix::fs::{FlockOperation, flock};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

const PROCESSES: usize = 50;

/// So many rounds, each with a context of its own, and with the ways of importing by turns.
fn race(program: &Path, rounds: usize, ways: &[u8]) {
    let site = dummy_site("");
    let gss = site.gss();
    let gate_file = site.path("gate");
    let gate = File::create(&gate_file).unwrap();
    let mut workers: Vec<Worker> = (0..PROCESSES).map(|_| Worker::start(program, &site, &gate_file)).collect();
    let mut winners = BTreeMap::<usize, usize>::new();
    for round in 0..rounds {
        let (peer, exporter) = establish(&gss, &DUMMY).unwrap();
        let token = exporter.export().unwrap();
        flock(&gate, FlockOperation::LockExclusive).unwrap();
        for worker in &mut workers {
            worker.give(ways[round % ways.len()], token.as_bytes());
        }
        workers.iter_mut().for_each(Worker::wait_until_ready);
        assert_eq!(site.waiting().len(), 1, "round {round}: claimed before the gate was open");
        flock(&gate, FlockOperation::Unlock).unwrap();
        let outcomes: Vec<Outcome> = workers.iter_mut().map(Worker::outcome).collect();
        let claims = outcomes.iter().enumerate().filter_map(|(number, outcome)| match outcome {
            Outcome::Claimed(message) => Some((number, message)),
            Outcome::NoContext => None,
        });
        let claims: Vec<_> = claims.collect();
        let [(winner, message)] = claims[..] else {
            panic!("round {round}: {} of {PROCESSES} processes have the context", claims.len());
        };
        prove(&peer, message);
        assert_eq!(site.waiting(), Vec::<PathBuf>::new(), "round {round}");
        *winners.entry(winner).or_default() += 1;
    }
    println!(
        "{rounds} rounds, {PROCESSES} processes: 1 success and {} NO_CONTEXT in each; {} of the processes won, at most \
         {} times",
        PROCESSES - 1,
        winners.len(),
        winners.values().max().unwrap()
    );
    // Where one and the same always came first there was no race.
    assert!(winners.len() > 1);
}

/// By turns all of the import is raced for, and only its end: then all have found the entry and built the context, and
/// nothing but the claim itself decides.
#[test]
fn of_fifty_processes_at_once_one_imports_and_all_others_get_no_context() {
    race(Path::new(env!("CARGO_BIN_EXE_transfer-party")), 1000, &[WHOLE, PREPARED]);
}

#[test]
fn and_so_it_is_through_the_c_library() {
    let program = Library::ours().program("transfer_party.c", Build::Plain);
    race(program.path(), 100, &[WHOLE]);
}
