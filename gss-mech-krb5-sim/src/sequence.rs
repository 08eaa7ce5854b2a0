//! Which messages of the peer have arrived, and what that says of the next one (RFC 2743 section 1.2.3, RFC 4121
//! section 4.2.1). The numbers have 64 bits and begin anywhere, since the handshake chose the first at random.

use gss_plugin::{Flags, Major};

/// Numbers that are so far ahead count as behind: 2^63 messages are never sent, and so the numbers may wrap around.
const HALF: u64 = 1 << 63;

/// What is known of the last 64 numbers up to the highest that has arrived.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Window {
    /// One more than the highest number that has arrived, or the first of all.
    next: u64,
    /// Bit n: number `next - 1 - n` has arrived, or lies before the first of all. Bit 0 is always set.
    seen: u64,
}

impl Window {
    /// The window before any message has arrived: `first` is the number that the peer announced in the handshake.
    pub const fn expecting(first: u64) -> Self {
        // What lies before the first was not sent on this context: it must not pass as new.
        Self { next: first, seen: u64::MAX }
    }

    /// The number that is expected next, and the bits of the 64 numbers before it, for [`Window::from_parts`].
    pub const fn parts(self) -> (u64, u64) {
        (self.next, self.seen)
    }

    /// From [`Window::parts`]; `None` for bits that no messages can have led to.
    pub const fn from_parts(next: u64, seen: u64) -> Option<Self> {
        if seen & 1 == 1 { Some(Self { next, seen }) } else { None }
    }

    /// Takes note of a message whose checksum was verified, and answers the supplementary bits as far as the flags ask
    /// for them: with `REPLAY` a message is `DUPLICATE_TOKEN` or, more than 64 numbers late, `OLD_TOKEN`; with
    /// `SEQUENCE` it is `GAP_TOKEN` or `UNSEQ_TOKEN`.
    pub fn arrived(&mut self, number: u64, flags: Flags) -> Major {
        let (replay, sequence) = (flags.contains(Flags::REPLAY), flags.contains(Flags::SEQUENCE));
        let ahead = number.wrapping_sub(self.next);
        if ahead < HALF {
            self.seen = if ahead < 63 { (self.seen << (ahead + 1)) | 1 } else { 1 };
            self.next = number.wrapping_add(1);
            return if ahead > 0 && sequence { Major::GAP_TOKEN } else { Major::COMPLETE };
        }
        // `ahead` is at least 2^63: its complement is how many numbers lie between this one and `next`.
        let behind = !ahead;
        if behind >= 64 {
            return match (replay, sequence) {
                (true, _) => Major::OLD_TOKEN,
                (false, true) => Major::UNSEQ_TOKEN,
                (false, false) => Major::COMPLETE,
            };
        }
        let bit = 1 << behind;
        if replay && self.seen & bit != 0 {
            return Major::DUPLICATE_TOKEN;
        }
        self.seen |= bit;
        if sequence { Major::UNSEQ_TOKEN } else { Major::COMPLETE }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BOTH: Flags = Flags(Flags::REPLAY.0 | Flags::SEQUENCE.0);
    const FIRSTS: [u64; 5] = [0, 1, 0x3fff_ffff, u32::MAX as u64 - 2, u64::MAX - 2];

    #[test]
    fn each_case_of_rfc_2743_is_told_wherever_the_numbers_begin() {
        for first in FIRSTS {
            let mut window = Window::expecting(first);
            let mut arrived = |number: u64| window.arrived(first.wrapping_add(number), BOTH);
            assert_eq!(arrived(0), Major::COMPLETE);
            assert_eq!(arrived(0), Major::DUPLICATE_TOKEN);
            assert_eq!(arrived(3), Major::GAP_TOKEN);
            assert_eq!(arrived(1), Major::UNSEQ_TOKEN);
            assert_eq!(arrived(1), Major::DUPLICATE_TOKEN);
            assert_eq!(arrived(4), Major::COMPLETE);
            assert_eq!(arrived(4 + 64), Major::GAP_TOKEN);
            assert_eq!(arrived(5), Major::UNSEQ_TOKEN);
            assert_eq!(arrived(4), Major::OLD_TOKEN);
        }
    }

    #[test]
    fn only_what_was_asked_for_is_told() {
        let complete = Major::COMPLETE;
        let cases = [
            (Flags::NONE, [complete; 6]),
            (Flags::REPLAY, [complete, Major::DUPLICATE_TOKEN, complete, complete, complete, Major::OLD_TOKEN]),
            (
                Flags::SEQUENCE,
                [
                    complete,
                    Major::UNSEQ_TOKEN,
                    Major::GAP_TOKEN,
                    Major::UNSEQ_TOKEN,
                    Major::GAP_TOKEN,
                    Major::UNSEQ_TOKEN,
                ],
            ),
        ];
        for (flags, expected) in cases {
            let mut window = Window::expecting(7);
            let told = [0, 0, 2, 1, 70, 2].map(|number| window.arrived(7 + number, flags));
            assert_eq!(told, expected, "{flags:?}");
        }
    }

    #[test]
    fn nothing_before_the_first_passes_as_new() {
        for first in FIRSTS {
            for (before, expected) in [
                (1, Major::DUPLICATE_TOKEN),
                (64, Major::DUPLICATE_TOKEN),
                (65, Major::OLD_TOKEN),
                (HALF, Major::OLD_TOKEN),
            ] {
                let mut window = Window::expecting(first);
                assert_eq!(window.arrived(first.wrapping_sub(before), BOTH), expected, "{before} before {first}");
                assert_eq!(window, Window::expecting(first));
            }
        }
    }

    #[test]
    fn parts_make_the_same_window_and_impossible_ones_none() {
        let mut window = Window::expecting(u64::MAX);
        for number in [u64::MAX, 1, 0] {
            window.arrived(number, BOTH);
            let (next, seen) = window.parts();
            assert_eq!(Window::from_parts(next, seen), Some(window));
        }
        assert_eq!(Window::from_parts(5, 2), None);
        assert_eq!(Window::from_parts(5, 0), None);
    }

    proptest! {
        /// The model keeps every number that has arrived, counted from the first.
        #[test]
        fn it_says_the_same_as_a_list_of_all_numbers(
            first in prop_oneof![any::<u64>(), u64::MAX - 300..u64::MAX],
            steps in proptest::collection::vec(0u64..140, 1..200),
        ) {
            let (mut window, mut arrived) = (Window::expecting(first), Vec::<u64>::new());
            for step in steps {
                let next = arrived.iter().max().map_or(0, |highest| highest + 1);
                let number = (next + step).saturating_sub(100);
                let expected = match number {
                    number if number == next => Major::COMPLETE,
                    number if number > next => Major::GAP_TOKEN,
                    number if next - number > 64 => Major::OLD_TOKEN,
                    number if arrived.contains(&number) => Major::DUPLICATE_TOKEN,
                    _ => Major::UNSEQ_TOKEN,
                };
                let told = window.arrived(first.wrapping_add(number), BOTH);
                prop_assert_eq!(told, expected, "{} after {:?}", number, arrived);
                arrived.push(number);
            }
        }
    }
}
