//! What is playing: the device's own library, in flash, and whether what is heard is in it.
//!
//! ```text
//! library    |--15 s--|  one excerpt of each recording: 300 codes, nothing else
//! heard      . . . . |the last 15 s|       against every excerpt, at every code
//! ```
//! The excerpt with the fewest wrong bits is weighed by [`Agreement`], as the server weighs, and is
//! playing where chance would say so once in a hundred days of listening to other music. What is
//! heard at another speed than the excerpt's is not found; where a code of the stream lies half-way
//! between two of the excerpt's, certainty is least.

use onmon_core::certainty::deviations_min_of_all;
use onmon_core::compare::{Agreement, bit_errors};
use onmon_core::{CODES_PER_SAMPLE, CODES_PER_SECOND};
use onmon_link::Playing;

/// Codes of an excerpt (15 s).
pub const EXCERPT_CODES: usize = CODES_PER_SAMPLE;

/// Seconds of listening that make one query of the server's: `certainty` keeps false
/// identifications at 1 in 10,000 of them, which is once in 104 days.
const QUERY_SECONDS: u64 = 900;

/// Wrong bits from which on an excerpt is not weighed: 35 %. Unrelated music has about half of them
/// wrong, and weighing costs as much as looking at hundreds of excerpts.
const WRONG_BITS_MAX: u32 = EXCERPT_CODES as u32 * 8 * 35 / 100;

/// A library: excerpt after excerpt, the recordings' numbers counted from 0.
#[derive(Clone, Copy, Debug, Default)]
pub struct Library<'a> {
    excerpts: &'a [[u8; EXCERPT_CODES]],
}

impl<'a> Library<'a> {
    /// The library with these codes; `None` where they are not whole excerpts.
    pub fn new(codes: &'a [u8]) -> Option<Self> {
        let (excerpts, rest) = codes.as_chunks();
        rest.is_empty().then_some(Self { excerpts })
    }

    /// Recordings in it.
    pub fn len(&self) -> usize {
        self.excerpts.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.excerpts.is_empty()
    }

    /// The recording whose excerpt differs least from these codes, and by how many bits.
    fn nearest(&self, heard: &[u8; EXCERPT_CODES]) -> Option<(usize, u32)> {
        let wrong = |excerpt: &[u8; EXCERPT_CODES]| bit_errors(heard, excerpt);
        self.excerpts.iter().map(wrong).enumerate().min_by_key(|(_, wrong)| *wrong)
    }
}

/// Follows a stream's codes and says what is playing.
pub struct Recogniser<'a> {
    library: Library<'a>,
    /// Deviations from which on something is playing.
    least: f32,
    /// The last codes, the newest at the end.
    heard: [u8; EXCERPT_CODES],
    /// How many of them there are.
    filled: usize,
    /// The number of the next code.
    next: u32,
    /// What may be told: while the next code agrees still better, it is not the place yet.
    found: Option<Found>,
    /// What was told last.
    told: Option<Found>,
}

#[derive(Clone, Copy)]
struct Found {
    recording: usize,
    code: u32,
    wrong: u32,
    deviations: f32,
}

impl<'a> Recogniser<'a> {
    /// For a device that plays what is in this library, among other things.
    pub fn new(library: Library<'a>) -> Self {
        let tried = QUERY_SECONDS * u64::from(CODES_PER_SECOND) * library.len() as u64;
        Self {
            library,
            least: deviations_min_of_all(tried),
            heard: [0; EXCERPT_CODES],
            filled: 0,
            next: 0,
            found: None,
            told: None,
        }
    }

    /// Hears the code with this number; says what is playing once it is sure, a code later, and
    /// then not again for the length of an excerpt. After a gap it needs a whole excerpt again.
    pub fn push(&mut self, number: u32, code: u8) -> Option<Playing> {
        if number != self.next {
            self.filled = 0;
        }
        self.next = number.wrapping_add(1);
        self.heard.rotate_left(1);
        if let Some(last) = self.heard.last_mut() {
            *last = code;
        }
        self.filled = EXCERPT_CODES.min(self.filled + 1);
        let now = self.look(number);
        let better = match (&self.found, &now) {
            (None, found) => found.is_some(),
            (Some(before), Some(now)) => now.wrong < before.wrong,
            (Some(_), None) => false,
        };
        if better {
            self.found = now;
            return None;
        }
        self.finish()
    }

    /// What is sure and was not told, where no code follows any more.
    pub fn finish(&mut self) -> Option<Playing> {
        let found = self.found.take()?;
        self.told = Some(found);
        Some(Playing {
            recording: found.recording as u32,
            code: found.code,
            deviations_hundredths: (found.deviations * 100.0) as u32,
            bit_error_permille: (found.wrong * 1_000 / (EXCERPT_CODES as u32 * 8)) as u16,
        })
    }

    fn look(&self, number: u32) -> Option<Found> {
        if self.filled < EXCERPT_CODES {
            return None;
        }
        let (recording, wrong) = self.library.nearest(&self.heard)?;
        let code = number.wrapping_add(1).wrapping_sub(EXCERPT_CODES as u32);
        let again = self.told.is_some_and(|told| {
            told.recording == recording && code.wrapping_sub(told.code) < EXCERPT_CODES as u32
        });
        if wrong > WRONG_BITS_MAX || again {
            return None;
        }
        let excerpt = self.library.excerpts.get(recording)?;
        let deviations = Agreement::of(&self.heard, excerpt, excerpt).deviations();
        (deviations >= self.least).then_some(Found { recording, code, wrong, deviations })
    }
}
