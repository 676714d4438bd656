//! What the caller lends: a clock, and an ear for progress that can say stop.

use std::ops::ControlFlow;

use crate::error::DecodeError;

/// Milliseconds since any fixed moment, never going back. Injected, since `std::time` does not work
/// in a browser: `performance.now()` there, `Instant` elsewhere.
pub type Clock = fn() -> f64;

/// What a pass over a file calls back.
pub struct Hooks<'a> {
    /// The clock by which the pass is timed and bounded.
    pub clock: Clock,
    /// Told the share that is done (0.0 to 1.0, not going back) about 100 times a file or more;
    /// [`ControlFlow::Break`] ends the pass with [`DecodeError::Aborted`].
    pub on_progress: &'a mut dyn FnMut(f32) -> ControlFlow<()>,
}

/// Steps in which progress is told.
const STEPS: f32 = 100.0;

/// Calls of [`Progress::tell`] after which it asks again even without progress, so that a pass of
/// unknown length can be stopped (a call a packet, so about every second of audio).
const CALLS_MAX: u32 = 50;

/// Keeps progress from going back and from being told at every packet.
pub(crate) struct Progress<'a, 'b> {
    hooks: &'a mut Hooks<'b>,
    told: f32,
    calls: u32,
}

impl<'a, 'b> Progress<'a, 'b> {
    pub(crate) fn new(hooks: &'a mut Hooks<'b>) -> Self {
        Self { hooks, told: -1.0, calls: 0 }
    }

    pub(crate) fn clock(&self) -> Clock {
        self.hooks.clock
    }

    /// Tells a share between 0 and 1, unless one about as high was told just before.
    pub(crate) fn tell(&mut self, share: f32) -> Result<(), DecodeError> {
        let share = share.clamp(0.0, 1.0).max(self.told);
        self.calls += 1;
        if share < self.told + 1.0 / STEPS && self.calls < CALLS_MAX {
            return Ok(());
        }
        (self.told, self.calls) = (share, 0);
        match (self.hooks.on_progress)(share) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(DecodeError::Aborted),
        }
    }
}
