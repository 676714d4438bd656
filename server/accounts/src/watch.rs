//! Watches for abuse: how fast an account asks, and for how many distinct objects a day. Pure, of
//! bounded memory.
//!
//! Distinct objects are counted in a bitmap of 4,096 bits (linear counting): at 400 objects its
//! error is under 2 %, whatever is asked for twice costs nothing, and no object's id is kept. A day
//! is a day of the clock in UTC, so over midnight at most twice the limit passes: keep it under 500
//! where fewer than 1,000 are to pass.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

/// What is allowed for one class of objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClassRule {
    /// So many at once.
    pub burst: u32,
    /// And then one in so many milliseconds; at least 1.
    pub interval_ms: u32,
    /// So many distinct objects a day; at most 2,000.
    pub distinct_max: u32,
}

/// What is to be done with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Answer it.
    Admit,
    /// Too fast: 429, and this long to wait.
    Wait {
        /// In milliseconds.
        retry_ms: i64,
    },
    /// Too many distinct objects: refused until the day ends, and a reason to look.
    Tripped {
        /// Until the day ends, in milliseconds.
        retry_ms: i64,
    },
}

/// Watches accounts, or addresses, by class of object.
#[derive(Debug)]
pub struct Watch {
    rules: Vec<ClassRule>,
    seed: [u8; 32],
    entries_max: usize,
    entries: HashMap<u128, Entry>,
}

#[derive(Debug)]
struct Entry {
    seen_ms: i64,
    /// When the bucket is full again: nothing else needs to be known of it.
    full_ms: i64,
    day: i64,
    set: u32,
    tripped: bool,
    bits: Box<[u64; WORDS]>,
}

impl Watch {
    /// Rules by class; a random seed, so that nobody can choose ids that look alike; how many pairs
    /// of account and class to remember, some 600 bytes each. Beyond that those with the
    /// fewest objects today, and among them those not seen for the longest time, are forgotten.
    pub fn new(rules: &[ClassRule], seed: [u8; 32], entries_max: usize) -> Watch {
        let entries_max = entries_max.max(8);
        Watch { rules: rules.to_vec(), seed, entries_max, entries: HashMap::new() }
    }

    /// Counts a request of `account` for `object`. A class without a rule is admitted.
    pub fn admit(&mut self, account: &str, class: usize, object: &str, now_ms: i64) -> Verdict {
        let Some(rule) = self.rules.get(class).copied() else { return Verdict::Admit };
        let key = self.hash(class, account);
        let bit = self.hash(class, object) as usize % (WORDS * 64);
        let day = now_ms.div_euclid(DAY_MS);
        self.make_room(key, day);
        let entry = self.entries.entry(key).or_insert_with(|| Entry::new(day, now_ms));
        entry.seen_ms = now_ms;
        if entry.day < day {
            (entry.day, entry.set, entry.tripped) = (day, 0, false);
            entry.bits.fill(0);
        }
        let (word, mask) = (bit / 64, 1_u64 << (bit % 64));
        let fresh = entry.bits[word] & mask == 0;
        // Then everything is refused: one new object in ten looks like one that was seen, and
        // whoever goes on asking would get it.
        entry.tripped |= fresh && entry.set >= bits_at(rule.distinct_max);
        if entry.tripped {
            return Verdict::Tripped { retry_ms: (day + 1) * DAY_MS - now_ms };
        }
        let interval = i64::from(rule.interval_ms.max(1));
        let full_ms = entry.full_ms.max(now_ms) + interval;
        let over = full_ms - now_ms - interval * i64::from(rule.burst.max(1));
        if over > 0 {
            return Verdict::Wait { retry_ms: over };
        }
        entry.full_ms = full_ms;
        entry.set += u32::from(fresh);
        entry.bits[word] |= mask;
        Verdict::Admit
    }

    /// How many pairs of account and class are remembered.
    pub fn remembered(&self) -> usize {
        self.entries.len()
    }

    fn hash(&self, class: usize, text: &str) -> u128 {
        let hash = Sha256::new()
            .chain_update(self.seed)
            .chain_update((class as u64).to_be_bytes())
            .chain_update(text)
            .finalize();
        hash.iter().take(16).fold(0, |number, byte| number << 8 | u128::from(*byte))
    }

    /// An eighth goes at once, so that looking for whom to forget is paid by many. Those with the
    /// fewest objects today go first: a crowd of new accounts makes it forget no scraper.
    fn make_room(&mut self, key: u128, day: i64) {
        if self.entries.len() < self.entries_max || self.entries.contains_key(&key) {
            return;
        }
        let rank = |entry: &Entry| (if entry.day == day { entry.set } else { 0 }, entry.seen_ms);
        let mut ranks: Vec<(u32, i64)> = self.entries.values().map(rank).collect();
        let last = *ranks.select_nth_unstable(self.entries_max / 8).1;
        self.entries.retain(|_, entry| rank(entry) > last);
    }
}

impl Entry {
    fn new(day: i64, now_ms: i64) -> Entry {
        Entry {
            seen_ms: now_ms,
            full_ms: now_ms,
            day,
            set: 0,
            tripped: false,
            bits: Box::new([0; WORDS]),
        }
    }
}

const WORDS: usize = 64;
const DAY_MS: i64 = 86_400_000;

/// How many bits so many distinct objects set, on average.
fn bits_at(distinct: u32) -> u32 {
    let bits = (WORDS * 64) as f64;
    (bits * (1.0 - (1.0 - 1.0 / bits).powi(distinct.min(2_000) as i32))) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: ClassRule = ClassRule { burst: 60, interval_ms: 1000, distinct_max: 400 };
    const MIDNIGHT: i64 = 20_000 * DAY_MS;

    /// How many distinct objects a scraper gets, who waits when told to, until it is tripped.
    fn scraped(seed: u8, start_ms: i64, pace_ms: i64, repeats: u64) -> u64 {
        let mut watch = Watch::new(&[RULE], [seed; 32], 100);
        let (mut now, mut got) = (start_ms, 0);
        loop {
            match watch.admit("acc", 0, &format!("rec_{got}"), now) {
                Verdict::Admit => got += 1,
                Verdict::Wait { retry_ms } => now += retry_ms,
                Verdict::Tripped { .. } => return got,
            }
            // It hides among what it has asked for before.
            for again in 0..repeats.min(got) {
                watch.admit("acc", 0, &format!("rec_{again}"), now);
            }
            now += pace_ms;
            assert!(got < 1_000, "a scrape of {got} objects went by");
        }
    }

    #[test]
    fn a_scrape_trips_before_a_thousand_objects() {
        for seed in 0..50 {
            let got = scraped(seed, MIDNIGHT, 0, 0);
            assert!((360..=440).contains(&got), "{got}");
            scraped(seed, MIDNIGHT, 5_000, 3);
            // Over midnight it gets a second day's worth.
            assert!(scraped(seed, MIDNIGHT - 300_000, 0, 0) < 900);
        }
    }

    /// xorshift64: the same traces every time.
    fn next(state: &mut u64) -> u64 {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        *state
    }

    #[test]
    fn normal_days_raise_no_alarm() {
        let mut watch = Watch::new(&[RULE], [1; 32], 20_000);
        let (mut state, mut tripped, mut asked) = (88_172_645_463_325_252_u64, 0, 0);
        for account in 0..10_000 {
            // Up to 300 requests in sixteen hours: listening all day long, half of it songs again.
            let requests = 10 + next(&mut state) % 291;
            let mut now = MIDNIGHT;
            let mut out = false;
            for _ in 0..requests {
                now += (next(&mut state) % 380_000) as i64 / 2;
                let object = match next(&mut state) % 2 {
                    0 => next(&mut state) % 50,
                    _ => next(&mut state) % 1_000_000,
                };
                let account = format!("acc_{account}");
                let verdict = watch.admit(&account, 0, &format!("rec_{object}"), now);
                out |= verdict != Verdict::Admit;
                asked += 1;
            }
            tripped += u32::from(out);
        }
        assert!(asked > 1_000_000);
        assert_eq!(tripped, 0, "of 10,000 account days");
    }

    #[test]
    fn buckets_refill_and_classes_and_accounts_are_apart() {
        let slow = ClassRule { burst: 2, interval_ms: 1000, distinct_max: 100 };
        let mut watch = Watch::new(&[slow, slow], [0; 32], 100);
        let now = MIDNIGHT;
        assert_eq!(watch.admit("a", 0, "x", now), Verdict::Admit);
        assert_eq!(watch.admit("a", 0, "x", now), Verdict::Admit);
        assert_eq!(watch.admit("a", 0, "x", now), Verdict::Wait { retry_ms: 1000 });
        assert_eq!(watch.admit("a", 1, "x", now), Verdict::Admit);
        assert_eq!(watch.admit("b", 0, "x", now), Verdict::Admit);
        assert_eq!(watch.admit("a", 0, "x", now + 999), Verdict::Wait { retry_ms: 1 });
        assert_eq!(watch.admit("a", 0, "x", now + 1000), Verdict::Admit);
        // A clock that goes back lets nobody through who was not before.
        assert!(matches!(watch.admit("a", 0, "x", now - DAY_MS), Verdict::Wait { .. }));
        assert_eq!(watch.admit("a", 9, "x", now), Verdict::Admit);
    }

    #[test]
    fn memory_is_bounded() {
        let mut watch = Watch::new(&[RULE], [0; 32], 1_000);
        for at in 0..20_000 {
            watch.admit(&format!("acc_{at}"), 0, "x", MIDNIGHT + at);
            assert!(watch.remembered() <= 1_000);
        }
        assert!(watch.remembered() > 800);
        // Who has tripped stays out, however many new accounts come.
        for at in 0..500 {
            watch.admit("scraper", 0, &format!("rec_{at}"), MIDNIGHT + 30_000 + at * 1000);
        }
        for at in 0..20_000 {
            watch.admit(&format!("new_{at}"), 0, "x", MIDNIGHT + 600_000 + at);
        }
        for at in 0..100 {
            let verdict = watch.admit("scraper", 0, &format!("late_{at}"), MIDNIGHT + 900_000);
            assert!(matches!(verdict, Verdict::Tripped { .. }), "{at} {verdict:?}");
        }
        let next_day = watch.admit("scraper", 0, "late_0", MIDNIGHT + DAY_MS);
        assert_eq!(next_day, Verdict::Admit);
    }
}
