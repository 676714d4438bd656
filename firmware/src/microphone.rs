//! A microphone on a timer's interrupt: what a DMA controller does on a real board, from vectors.
//!
//! Every time that a half-buffer's audio takes, the interrupt puts the next of it into a free half,
//! or passes over it and counts. Vectors come one after the other, each with its own rate.

use core::cell::Cell;

use critical_section::Mutex;
use onmon_core::{Channels, SampleRate};
use onmon_device::{Format, Half, Halves, Intake, Loss, Outlet, double_buffer};
use static_cell::ConstStaticCell;

use crate::board::{Ticker, on_tick, sleep};
use crate::vector::{Vector, VectorError};

/// Samples of a half: at 48 kHz mono 21 ms of audio.
pub const HALF_SAMPLES: usize = 1_024;

/// Vectors that one run plays.
pub const VECTORS_MAX: usize = 2;

/// The interrupt's state; whoever works with it takes it out.
static MICROPHONE: Mutex<Cell<Option<Microphone>>> = Mutex::new(Cell::new(None));

struct Microphone {
    intake: Intake<HALF_SAMPLES>,
    ticker: Ticker,
    vectors: heapless::Deque<Playing, VECTORS_MAX>,
    /// Reading failed.
    failed: bool,
}

struct Playing {
    vector: Vector,
    format: Format,
    samples_left: u64,
}

/// How far the microphone is.
pub enum State {
    /// There is more.
    On,
    /// All was played; this much was lost at the end.
    Ended(Loss),
    /// The host does not give the vector.
    Failed,
}

/// Switches the microphone on, which plays these vectors; `None` where it is on already.
pub fn listen(
    vectors: impl IntoIterator<Item = Vector>,
) -> Result<Option<Outlet<HALF_SAMPLES>>, VectorError> {
    static HALVES: ConstStaticCell<[Half<HALF_SAMPLES>; 2]> =
        ConstStaticCell::new([Half::new(), Half::new()]);
    static EMPTY: ConstStaticCell<Halves<HALF_SAMPLES>> = ConstStaticCell::new(Halves::new());
    static FULL: ConstStaticCell<Halves<HALF_SAMPLES>> = ConstStaticCell::new(Halves::new());
    let (Some(halves), Some(empty), Some(full), Some(ticker)) =
        (HALVES.try_take(), EMPTY.try_take(), FULL.try_take(), Ticker::take())
    else {
        return Ok(None);
    };
    let (intake, outlet) = double_buffer(halves, empty, full);
    let mut queue = heapless::Deque::new();
    for vector in vectors {
        queue.push_back(Playing::new(vector)?).map_err(|_| VectorError::Arguments)?;
    }
    let mut microphone = Microphone { intake, ticker, vectors: queue, failed: false };
    microphone.set_ticker();
    critical_section::with(|cs| MICROPHONE.borrow(cs).set(Some(microphone)));
    on_tick(|| {
        with_microphone(Microphone::tick);
    });
    Ok(Some(outlet))
}

/// Sleeps until the next interrupt, unless a half waits or there will be no more.
pub fn wait(outlet: &Outlet<HALF_SAMPLES>) -> State {
    // In a critical section an interrupt ends the sleep, but is served only afterwards.
    critical_section::with(|_| {
        let state = with_microphone(|microphone| match microphone {
            Microphone { failed: true, .. } => State::Failed,
            _ if microphone.vectors.is_empty() => State::Ended(microphone.intake.lost()),
            _ => State::On,
        });
        if matches!(state, Some(State::On)) && !outlet.ready() {
            sleep();
        }
        state.unwrap_or(State::Failed)
    })
}

fn with_microphone<T>(work: impl FnOnce(&mut Microphone) -> T) -> Option<T> {
    critical_section::with(|cs| {
        let mut microphone = MICROPHONE.borrow(cs).take()?;
        let result = work(&mut microphone);
        MICROPHONE.borrow(cs).set(Some(microphone));
        Some(result)
    })
}

impl Playing {
    fn new(vector: Vector) -> Result<Self, VectorError> {
        let rate = SampleRate::from_hz(vector.rate_hz)?;
        let channels = Channels::new(vector.channels.into())?;
        let samples_left = vector.frames * u64::from(vector.channels);
        Ok(Self { vector, format: Format { rate, channels }, samples_left })
    }

    /// Samples that come with one interrupt: whole frames.
    fn samples_per_tick(&self) -> usize {
        HALF_SAMPLES - HALF_SAMPLES % usize::from(self.format.channels.count())
    }
}

impl Microphone {
    fn tick(&mut self) {
        let Some(playing) = self.vectors.front_mut() else { return };
        let left = usize::try_from(playing.samples_left).unwrap_or(usize::MAX);
        let samples = playing.samples_per_tick().min(left);
        playing.samples_left -= samples as u64;
        let ended = playing.samples_left == 0;
        let mut outcome = Ok(0);
        let read = |half: &mut [i16]| outcome = playing.vector.read(half);
        if !self.intake.fill(playing.format, samples, read) {
            outcome = playing.vector.skip(samples).map(|()| 0);
        }
        self.failed |= outcome.is_err();
        if ended {
            let _ = self.vectors.pop_front();
            self.set_ticker();
        }
    }

    fn set_ticker(&mut self) {
        match self.vectors.front() {
            Some(playing) => {
                let channels = usize::from(playing.format.channels.count());
                let frames = playing.samples_per_tick() / channels.max(1);
                self.ticker.every(frames, playing.format.rate.hz());
            }
            None => self.ticker.stop(),
        }
    }
}
