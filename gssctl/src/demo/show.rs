//! What the demo prints, and whether it is as the switch promises.

use super::protocol::{Failure, Outcome, Served, Talked};
use crate::output;
use anyhow::Result;
use gss_core::{Major, Mechanism};
use std::io::Write;

/// How the mechanisms have done.
#[derive(Default)]
pub(super) struct Tally {
    passed: usize,
    failed: usize,
    /// Not loaded, or without a credential.
    pub(super) unusable: usize,
    /// The demo ended before its end.
    pub(super) stopped: bool,
}

impl Tally {
    pub(super) fn count(&mut self, good: bool) {
        if good { self.passed += 1 } else { self.failed += 1 }
    }

    pub(super) fn is_good(&self) -> bool {
        self.passed > 0 && self.failed == 0 && self.unusable == 0 && !self.stopped
    }
}

pub(super) fn unusable(out: &mut impl Write, mechanism: &Mechanism, reason: &str) -> Result<()> {
    let line = mechanism.line();
    writeln!(out, "{}  {}  {}\n  cannot be shown: {reason}\n", line.name, line.oid, line.place)?;
    out.flush()?;
    Ok(())
}

pub(super) fn conclusion(out: &mut impl Write, tally: &Tally) -> Result<()> {
    let Tally { passed, failed, unusable, stopped } = tally;
    if tally.is_good() {
        let what = if *passed == 1 { "1 mechanism".to_owned() } else { format!("all {passed} mechanisms") };
        writeln!(out, "demo: {what} passed")?;
        return Ok(());
    }
    let mut parts = vec![format!("{passed} passed")];
    let others = [(*failed, "failed"), (*unusable, "could not be shown")];
    parts.extend(others.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")));
    if *stopped {
        parts.push("stopped before the end".to_owned());
    }
    writeln!(out, "demo: FAILED: {}", parts.join(", "))?;
    Ok(())
}

/// What is shown of a mechanism.
pub(super) struct Section<'a> {
    pub(super) mechanism: &'a Mechanism,
    pub(super) messages: u32,
    pub(super) client: u32,
    pub(super) acceptor: u32,
    pub(super) workers: [u32; 2],
}

impl Section<'_> {
    /// Prints what happened. Answers whether all of it is as promised.
    pub(super) fn show(&self, out: &mut impl Write, served: &Served, talked: &Talked) -> Result<bool> {
        let Self { client, acceptor, workers: [first, second], .. } = self;
        self.title(out)?;
        let head = ["legs", "token bytes", "messages", "client", "acceptor", "worker 1", "worker 2"];
        let row = [
            talked.legs.to_string(),
            served.tokens[0].to_string(),
            talked.answered.iter().map(|(_, count)| count).sum::<u32>().to_string(),
            client.to_string(),
            acceptor.to_string(),
            first.to_string(),
            second.to_string(),
        ];
        for line in output::aligned(&[head.map(str::to_owned), row]) {
            writeln!(out, "  {line}")?;
        }
        if let Some(initiator) = &served.initiator {
            writeln!(out, "  the acceptor took the client for {initiator:?}")?;
        }
        let [first_token, second_token] = served.tokens;
        writeln!(out, "  context: {acceptor} -> {first} ({first_token} bytes) -> {second} ({second_token} bytes)")?;
        let answered = talked.answered.iter().map(|(pid, count)| format!("{count} by {pid}"));
        writeln!(out, "  answered: {}", answered.collect::<Vec<_>>().join(", "))?;
        writeln!(out, "  MICs: {}", if talked.mics { "checked both ways" } else { "not offered by this mechanism" })?;

        writeln!(out, "  what must fail:")?;
        let checks = self.checks(served, talked);
        let rows: Vec<_> = checks.iter().map(|check| [format!("  {}", check.what), check.result()]).collect();
        for line in output::aligned(&rows) {
            writeln!(out, "  {line}")?;
        }
        let nothing_left = served.left.is_none_or(|left| left == 0);
        match served.left {
            Some(0) => writeln!(out, "  transfer store: nothing is left that a copy of a token could claim")?,
            Some(left) => writeln!(out, "  NOT AS PROMISED: {left} of the contexts are left in the transfer store")?,
            None => {}
        }
        let in_order = self.in_order(talked);
        if !in_order {
            writeln!(out, "  NOT AS PROMISED: half of the messages belong to each worker, first worker 1's")?;
        }
        writeln!(out)?;
        out.flush()?;
        Ok(in_order && nothing_left && checks.iter().all(|check| check.good))
    }

    fn title(&self, out: &mut impl Write) -> Result<()> {
        let line = self.mechanism.line();
        writeln!(out, "{}  {}  {}", line.name, line.oid, line.place)?;
        Ok(())
    }

    fn in_order(&self, talked: &Talked) -> bool {
        let half = self.messages / 2;
        let [first, second] = self.workers;
        talked.answered == [(first, half), (second, self.messages - half)]
    }

    fn checks(&self, served: &Served, talked: &Talked) -> Vec<Check> {
        let must = |what: String, outcome: &Outcome, expected| {
            let good = outcome.is(expected);
            Check { what, outcome: outcome.clone(), good, remark: format!("expected {expected}") }
        };
        let [first, second] = self.workers;
        let altered = &talked.altered;
        let portable = served.left.is_none();
        vec![
            must(format!("acceptor {} uses the context that it exported", self.acceptor), &served.exported, GONE),
            must(format!("worker {first} uses the context that it exported"), &served.worker.exported, GONE),
            Check {
                what: format!("worker {second} imports the token that worker {first} has imported"),
                outcome: served.replayed.clone(),
                good: if portable { served.replayed == Outcome::Accepted } else { served.replayed.is(GONE) },
                remark: if portable {
                    "a portable token can be imported again (gss.transfer=portable)".into()
                } else {
                    format!("expected {GONE}")
                },
            },
            must("a token cut off in its prefix is imported".into(), &served.worker.cut_token, Major::DEFECTIVE_TOKEN),
            must("a token of an unknown mechanism is imported".into(), &served.worker.foreign_token, Major::BAD_MECH),
            Check {
                what: "a message altered on its way is unwrapped".into(),
                outcome: altered.clone(),
                // Where nothing was claimed, nothing is broken; it has to be said all the same.
                good: *altered != Outcome::Accepted || !talked.integrity,
                remark: if talked.integrity {
                    "the mechanism claims to protect integrity".into()
                } else {
                    format!("{} protects no integrity, and claims none", self.mechanism.line().name)
                },
            },
        ]
    }

    /// Prints why there is nothing to show.
    pub(super) fn show_failures(&self, out: &mut impl Write, failures: &[Failure]) -> Result<()> {
        self.title(out)?;
        // What only follows from the other side's trouble would hide it.
        let causes: Vec<_> = failures.iter().filter(|failure| !failure.follows).collect();
        let told = if causes.is_empty() { failures.iter().collect() } else { causes };
        for failure in told {
            writeln!(out, "  FAILED: {}", failure.text)?;
        }
        writeln!(out)?;
        out.flush()?;
        Ok(())
    }
}

const GONE: Major = Major::NO_CONTEXT;

/// Something that must fail, and whether it did.
struct Check {
    what: String,
    outcome: Outcome,
    good: bool,
    /// What was expected, or what an acceptance means.
    remark: String,
}

impl Check {
    fn result(&self) -> String {
        let remark = &self.remark;
        match (&self.outcome, self.good) {
            (Outcome::Refused { major, .. }, true) => Major(*major).to_string(),
            (Outcome::Refused { major, text }, false) => {
                format!("NOT AS PROMISED: {}, {remark}: {text}", Major(*major))
            }
            (Outcome::Accepted, true) => format!("accepted: {remark}"),
            (Outcome::Accepted, false) => format!("NOT AS PROMISED: accepted, {remark}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::protocol::Checks;
    use super::*;
    use gss_core::Gss;
    use gss_core::config::Sources;

    fn refused(major: Major) -> Outcome {
        Outcome::Refused { major: major.0, text: "no".to_owned() }
    }

    fn served() -> Served {
        let worker = Checks {
            cut_token: refused(Major::CALL_BAD_STRUCTURE.with(Major::DEFECTIVE_TOKEN)),
            foreign_token: refused(Major::BAD_MECH),
            exported: refused(GONE),
        };
        Served {
            initiator: None,
            tokens: [10, 10],
            exported: refused(GONE),
            worker,
            replayed: refused(GONE),
            left: Some(0),
        }
    }

    fn talked() -> Talked {
        let altered = refused(Major::BAD_MIC);
        Talked { legs: 2, answered: vec![(3, 2), (4, 3)], mics: true, integrity: true, altered }
    }

    /// Whether the demo takes this for a success, and what it prints.
    fn shown(served: &Served, talked: &Talked) -> (bool, String) {
        let gss = Gss::with(Sources::text("test.conf", "mech 1.2.3 lib.so"));
        let mechanism = &gss.mechanisms()[0];
        let section = Section { mechanism, messages: 5, client: 1, acceptor: 2, workers: [3, 4] };
        let mut out = Vec::new();
        let good = section.show(&mut out, served, talked).unwrap();
        (good, String::from_utf8(out).unwrap())
    }

    #[test]
    fn all_as_promised_is_good() {
        let (good, text) = shown(&served(), &talked());
        assert!(good && !text.contains("NOT AS PROMISED"), "{text}");
    }

    #[test]
    fn each_broken_promise_shows() {
        let broken: [fn(&mut Served, &mut Talked); 11] = [
            |served, _| served.exported = Outcome::Accepted,
            |served, _| served.exported = refused(Major::FAILURE),
            |served, _| served.worker.exported = Outcome::Accepted,
            |served, _| served.worker.cut_token = refused(Major::BAD_MECH),
            |served, _| served.worker.foreign_token = Outcome::Accepted,
            |_, talked| talked.altered = Outcome::Accepted,
            |served, _| served.replayed = Outcome::Accepted,
            |served, _| served.left = Some(1),
            |served, _| (served.replayed, served.left) = (refused(GONE), None),
            |_, talked| talked.answered = vec![(3, 5)],
            |_, talked| talked.answered = vec![(4, 2), (3, 3)],
        ];
        for (number, break_it) in broken.into_iter().enumerate() {
            let (mut served, mut talked) = (served(), talked());
            break_it(&mut served, &mut talked);
            let (good, text) = shown(&served, &talked);
            assert!(!good && text.contains("NOT AS PROMISED"), "{number}: {text}");
        }
    }

    #[test]
    fn a_mechanism_that_claims_no_integrity_may_lack_it_and_is_told_of() {
        let talked = Talked { integrity: false, altered: Outcome::Accepted, ..talked() };
        let (good, text) = shown(&served(), &talked);
        assert!(good && text.contains("accepted: mech protects no integrity"), "{text}");
    }

    #[test]
    fn a_portable_token_that_is_imported_again_is_told_of() {
        let served = Served { replayed: Outcome::Accepted, left: None, ..served() };
        let (good, text) = shown(&served, &talked());
        assert!(good && text.contains("accepted: a portable token can be imported again"), "{text}");
    }

    #[test]
    fn nothing_shown_is_no_success() {
        assert!(!Tally::default().is_good());
    }
}
