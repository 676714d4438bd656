//! From an interrupt to the main loop: two halves that go round, and a count of what found none.
//!
//! ```text
//!             +--- empty <--------------+
//! interrupt   v                         |   main loop
//!           fill -------> full ------> take
//! ```
//! While the main loop works on one half the interrupt fills the other, as a DMA controller does. A
//! third one's audio is lost, and counted: the next half says how much is missing before it.

use core::num::NonZeroUsize;

use heapless::spsc::{Consumer, Producer, Queue};
use onmon_core::{Channels, SampleRate};

/// What the source's audio is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// Frames a second.
    pub rate: SampleRate,
    /// Interleaved channels.
    pub channels: Channels,
}

/// What was lost, because both halves were in the main loop's hands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Loss {
    /// Interrupts that found no half to fill.
    pub overruns: u32,
    /// Frames that came with them.
    pub frames: u64,
}

/// One half of the double buffer: `SAMPLES` interleaved samples, whole frames.
pub struct Half<const SAMPLES: usize> {
    samples: [i16; SAMPLES],
    filled: usize,
    format: Option<Format>,
    lost_before: Loss,
}

/// A queue of halves: there are two, and `heapless` keeps one place free.
pub type Halves<const SAMPLES: usize> = Queue<&'static mut Half<SAMPLES>, 3>;

/// The interrupt's side.
pub struct Intake<const SAMPLES: usize> {
    empty: Consumer<'static, &'static mut Half<SAMPLES>>,
    full: Producer<'static, &'static mut Half<SAMPLES>>,
    /// Lost since the last half that was filled.
    lost: Loss,
}

/// The main loop's side.
pub struct Outlet<const SAMPLES: usize> {
    full: Consumer<'static, &'static mut Half<SAMPLES>>,
    empty: Producer<'static, &'static mut Half<SAMPLES>>,
}

/// What the main loop is given of a half.
pub struct Heard<'a> {
    /// What the audio is like.
    pub format: Format,
    /// What is missing before it.
    pub lost_before: Loss,
    /// Interleaved samples, whole frames.
    pub samples: &'a [i16],
}

/// Both sides of a double buffer, whose two halves and queues are nobody else's for good.
pub fn double_buffer<const SAMPLES: usize>(
    halves: &'static mut [Half<SAMPLES>; 2],
    empty: &'static mut Halves<SAMPLES>,
    full: &'static mut Halves<SAMPLES>,
) -> (Intake<SAMPLES>, Outlet<SAMPLES>) {
    let (mut give_back, empty) = empty.split();
    let (give_on, full) = full.split();
    for half in halves {
        // There is room for both.
        let _ = give_back.enqueue(half);
    }
    (Intake { empty, full: give_on, lost: Loss::default() }, Outlet { full, empty: give_back })
}

impl<const SAMPLES: usize> Half<SAMPLES> {
    /// One without audio.
    pub const fn new() -> Self {
        let lost_before = Loss { overruns: 0, frames: 0 };
        Self { samples: [0; SAMPLES], filled: 0, format: None, lost_before }
    }
}

impl<const SAMPLES: usize> Default for Half<SAMPLES> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const SAMPLES: usize> Intake<SAMPLES> {
    /// Called from an interrupt when `samples` more samples have come, which `write` puts where it
    /// is told. With no half free `write` is not called: the samples are lost and counted, and the
    /// answer is `false`. What is beyond `SAMPLES`, or is part of a frame, is lost likewise.
    ///
    /// Takes no time of its own, never waits, never panics.
    pub fn fill(&mut self, format: Format, samples: usize, write: impl FnOnce(&mut [i16])) -> bool {
        let channels = usize::from(format.channels.count());
        let channels = NonZeroUsize::new(channels).unwrap_or(NonZeroUsize::MIN);
        let frames = samples / channels;
        let fit = frames.min(SAMPLES / channels);
        let Some(half) = take(&mut self.empty) else {
            self.lose(frames);
            return false;
        };
        let filled = fit * channels.get();
        write(half.samples.get_mut(..filled).unwrap_or_default());
        half.filled = filled;
        half.format = Some(format);
        half.lost_before = core::mem::take(&mut self.lost);
        give(&mut self.full, half);
        if frames > fit {
            self.lose(frames - fit);
        }
        true
    }

    fn lose(&mut self, frames: usize) {
        self.lost = Loss {
            overruns: self.lost.overruns.saturating_add(1),
            frames: self.lost.frames.saturating_add(frames as u64),
        };
    }

    /// What was lost after the last half that was filled: for a source that has an end.
    pub fn lost(&self) -> Loss {
        self.lost
    }
}

impl<const SAMPLES: usize> Outlet<SAMPLES> {
    /// Whether a half waits to be heard.
    pub fn ready(&self) -> bool {
        self.full.ready()
    }

    /// Gives the oldest half to `hear` and then back to the interrupt; `None` where none waits.
    pub fn take<T>(&mut self, hear: impl FnOnce(Heard<'_>) -> T) -> Option<T> {
        let half = take(&mut self.full)?;
        let samples = half.samples.get(..half.filled).unwrap_or_default();
        let lost_before = half.lost_before;
        let heard = half.format.map(|format| hear(Heard { format, lost_before, samples }));
        give(&mut self.empty, half);
        heard
    }
}

/// Whether this is the capacity of a queue of [`Halves`]; it always is. `heapless` divides by a
/// queue's length wherever it looks into one, and after this question a compiler knows it not to be
/// 0: without it the images hold a panic that nothing can reach.
fn whole(capacity: usize) -> bool {
    capacity == 2
}

fn take<T>(queue: &mut Consumer<'static, T>) -> Option<T> {
    if whole(queue.capacity()) { queue.dequeue() } else { None }
}

/// There is room: a half that is here is not there.
fn give<T>(queue: &mut Producer<'static, T>, half: T) {
    if whole(queue.capacity()) {
        let _ = queue.enqueue(half);
    }
}
