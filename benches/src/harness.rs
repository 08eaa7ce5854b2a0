//! How things are timed: the variants of a measurement take turns, round by round, so that whatever else the machine
//! does hits all of them alike; the median of the rounds counts.

use std::sync::Barrier;
use std::time::{Duration, Instant};

/// How many rounds each variant gets.
const ROUNDS: usize = 201;
/// For how long a variant runs in a round, about: well within what the scheduler gives a process at a time, so that most
/// rounds of a short call have the processor to themselves, whatever else runs.
const ROUND: Duration = Duration::from_millis(1);

/// One of the things that are compared.
pub struct Variant<'a> {
    name: &'a str,
    /// How many runs make a round, if that is not to be found out.
    count: Option<u32>,
    /// How long so many runs take.
    round: Box<dyn Fn(u32) -> Duration + 'a>,
}

impl<'a> Variant<'a> {
    /// A variant that runs on one thread.
    pub fn new(name: &'a str, run: impl Fn() + 'a) -> Self {
        Self::timed(name, move |count| time(count, &run))
    }

    /// A variant that runs on two threads, each with objects of its own. The slower one counts.
    pub fn pair(name: &'a str, first: impl Fn() + Sync + 'a, second: impl Fn() + Sync + 'a) -> Self {
        Self::timed(name, move |count| {
            let barrier = Barrier::new(2);
            let timed = |run: &(dyn Fn() + Sync)| {
                barrier.wait();
                time(count, run)
            };
            std::thread::scope(|scope| {
                let other = scope.spawn(|| timed(&second));
                let took = timed(&first);
                other.join().map_or(took, |others| took.max(others))
            })
        })
    }

    /// A variant that is timed elsewhere: how long so many runs take.
    pub fn timed(name: &'a str, round: impl Fn(u32) -> Duration + 'a) -> Self {
        Self { name, count: None, round: Box::new(round) }
    }

    /// The same under another name.
    pub fn named(self, name: &'a str) -> Self {
        Self { name, ..self }
    }

    /// The same with so many runs in a round.
    pub fn rounds_of(self, count: u32) -> Self {
        Self { count: Some(count), ..self }
    }

    /// How many runs fill a round.
    fn calibrate(&self) -> u32 {
        if let Some(count) = self.count {
            return count;
        }
        let mut count: u32 = 1;
        while (self.round)(count) < ROUND && count < u32::MAX / 2 {
            count *= 2;
        }
        count
    }
}

fn time(count: u32, run: &(impl Fn() + ?Sized)) -> Duration {
    let start = Instant::now();
    for _ in 0..count {
        run();
    }
    start.elapsed()
}

/// A variant's result.
pub struct Timing<'a> {
    /// The variant's name.
    pub name: &'a str,
    /// Nanoseconds of one run on one thread: the median of the rounds.
    pub median: f64,
    /// The fastest round.
    pub least: f64,
}

/// Times all variants.
pub fn compare<'a>(variants: &[Variant<'a>]) -> Vec<Timing<'a>> {
    let counts: Vec<u32> = variants.iter().map(Variant::calibrate).collect();
    let mut rounds: Vec<Vec<f64>> = vec![Vec::new(); variants.len()];
    for _ in 0..ROUNDS {
        for ((variant, count), results) in variants.iter().zip(&counts).zip(&mut rounds) {
            results.push((variant.round)(*count).as_secs_f64() * 1e9 / f64::from(*count));
        }
    }
    let timing = |(variant, mut results): (&Variant<'a>, Vec<f64>)| {
        results.sort_by(f64::total_cmp);
        Timing { name: variant.name, median: results[ROUNDS / 2], least: results[0] }
    };
    variants.iter().zip(rounds).map(timing).collect()
}

/// Prints a table: medians in nanoseconds, the fastest round, and how each compares with the first.
pub fn table(title: &str, timings: &[Timing<'_>]) {
    print(title, timings, |_| String::new());
}

/// The same, with how many there are a second.
pub fn per_second(title: &str, timings: &[Timing<'_>]) {
    print(title, timings, |median| format!("{:>8.0} /s", 1e9 / median));
}

/// The same for what works on so many bytes, with the rate in MB/s.
pub fn rates(title: &str, bytes: u32, timings: &[Timing<'_>]) {
    print(title, timings, |median| format!("{:>8.0} MB/s", f64::from(bytes) / median * 1e3));
}

fn print(title: &str, timings: &[Timing<'_>], rate: impl Fn(f64) -> String) {
    println!("{title}");
    let base = timings.first().map_or(0.0, |timing| timing.median);
    for Timing { name, median, least } in timings {
        let apart = match timings.len() {
            1 => String::new(),
            _ => format!("  {:+.1}  x{:.2}", median - base, median / base),
        };
        println!("  {name:<34}{median:>9.1}{}  [{least:.1}]{apart}", rate(*median));
    }
    println!();
}
