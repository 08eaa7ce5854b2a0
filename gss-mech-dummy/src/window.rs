//! Which messages of the peer have arrived, and what that says of the next one (RFC 2743 section 1.2.3).

use gss_plugin::{Flags, Major};

/// The last 64 sequence numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Window {
    /// One more than the highest number that has arrived.
    next: u64,
    /// Bit n: number `next - 1 - n` has arrived.
    seen: u64,
}

impl Window {
    pub(crate) fn next(self) -> u64 {
        self.next
    }

    pub(crate) fn parts(self) -> (u64, u64) {
        (self.next, self.seen)
    }

    /// From [`Window::parts`], unless no messages can have led there.
    pub(crate) fn from_parts(next: u64, seen: u64) -> Option<Self> {
        let highest_seen = (next == 0) != (seen & 1 == 1);
        let nothing_below_zero = next >= 64 || seen >> next == 0;
        (highest_seen && nothing_below_zero).then_some(Self { next, seen })
    }

    /// Takes note of a message and answers the supplementary bits, as far as the flags ask for them.
    pub(crate) fn arrived(&mut self, number: u64, flags: Flags) -> Major {
        let (replay, sequence) = (flags.contains(Flags::REPLAY), flags.contains(Flags::SEQUENCE));
        if number >= self.next {
            let ahead = number - self.next;
            self.seen = if ahead < 63 { (self.seen << (ahead + 1)) | 1 } else { 1 };
            self.next = number.saturating_add(1);
            return if ahead > 0 && sequence { Major::GAP_TOKEN } else { Major::COMPLETE };
        }
        let behind = self.next - 1 - number;
        if behind >= 64 {
            return if replay { Major::OLD_TOKEN } else { Major::UNSEQ_TOKEN };
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

    const BOTH: Flags = Flags(Flags::REPLAY.0 | Flags::SEQUENCE.0);

    #[test]
    fn each_case_of_rfc_2743_is_told() {
        let mut window = Window::default();
        assert_eq!(window.arrived(0, BOTH), Major::COMPLETE);
        assert_eq!(window.arrived(0, BOTH), Major::DUPLICATE_TOKEN);
        assert_eq!(window.arrived(3, BOTH), Major::GAP_TOKEN);
        assert_eq!(window.arrived(1, BOTH), Major::UNSEQ_TOKEN);
        assert_eq!(window.arrived(1, BOTH), Major::DUPLICATE_TOKEN);
        assert_eq!(window.arrived(4, BOTH), Major::COMPLETE);
        assert_eq!(window.arrived(4 + 64, BOTH), Major::GAP_TOKEN);
        assert_eq!(window.arrived(5, BOTH), Major::UNSEQ_TOKEN);
        assert_eq!(window.arrived(4, BOTH), Major::OLD_TOKEN);
    }

    #[test]
    fn only_what_was_asked_for_is_told() {
        let mut window = Window::default();
        assert_eq!(window.arrived(2, Flags::REPLAY), Major::COMPLETE);
        assert_eq!(window.arrived(1, Flags::REPLAY), Major::COMPLETE);
        assert_eq!(window.arrived(1, Flags::REPLAY), Major::DUPLICATE_TOKEN);
        assert_eq!(window.arrived(1, Flags::SEQUENCE), Major::UNSEQ_TOKEN);
        assert_eq!(window.arrived(u64::MAX, Flags::SEQUENCE), Major::GAP_TOKEN);
    }

    #[test]
    fn it_says_the_same_as_a_list_of_all_numbers() {
        let mut random: u64 = 1;
        for _ in 0..200 {
            let (mut window, mut arrived) = (Window::default(), Vec::new());
            for _ in 0..200 {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let number = arrived.len() as u64 / 2 + (random >> 58);
                let next = arrived.iter().max().map_or(0, |highest| highest + 1);
                let expected = match number {
                    number if number == next => Major::COMPLETE,
                    number if number > next => Major::GAP_TOKEN,
                    number if next - 1 - number >= 64 => Major::OLD_TOKEN,
                    number if arrived.contains(&number) => Major::DUPLICATE_TOKEN,
                    _ => Major::UNSEQ_TOKEN,
                };
                assert_eq!(window.arrived(number, BOTH), expected, "{number} after {arrived:?}");
                arrived.push(number);
                let (next, seen) = window.parts();
                assert_eq!(Window::from_parts(next, seen), Some(window));
            }
        }
    }

    #[test]
    fn impossible_windows_are_refused() {
        assert!(Window::from_parts(0, 0).is_some());
        for (next, seen) in [(0, 1), (1, 0), (1, 2), (1, 3), (63, 1 << 63 | 1), (100, 2)] {
            assert!(Window::from_parts(next, seen).is_none(), "{next} {seen}");
        }
    }
}
