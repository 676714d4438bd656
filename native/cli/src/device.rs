//! The sound device, by cpal: blocks wait in a short queue that the device's own thread empties.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::sleep;
use std::time::Duration;

use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};

use crate::outcome::Failure;
use crate::sink::{Format, Sink};
use crate::stop::Stop;

/// Blocks in the queue: with some 25 ms each, 0.4 s that the decoder may be late.
const QUEUE_BLOCKS: usize = 16;

/// How often a full queue, or the last of the sound, is looked at.
const POLL: Duration = Duration::from_millis(5);

/// The default output device, playing.
pub struct Device {
    /// Plays for as long as it is held.
    _stream: cpal::Stream,
    queue: SyncSender<Vec<f32>>,
    shared: Arc<Shared>,
    stop: Stop,
}

/// The system's default output device.
pub fn find() -> Result<cpal::Device, Failure> {
    let device = cpal::default_host().default_output_device();
    device.ok_or_else(|| no_sound("there is none"))
}

fn no_sound(why: &str) -> Failure {
    let message = format!("the sound device does not play: {why}; `--sink wav:PATH` needs none");
    Failure::new("no_audio_out", message)
}

/// What the device's thread and ours both know.
#[derive(Default)]
struct Shared {
    /// Samples that were put and not yet handed to the device.
    waiting: AtomicUsize,
    failure: Mutex<Option<String>>,
}

impl Device {
    /// Opens the device for PCM as it is: the system converts what it cannot play.
    pub fn open(format: Format, stop: &Stop) -> Result<Self, Failure> {
        let device = find()?;
        let config = cpal::StreamConfig {
            channels: format.channels,
            sample_rate: format.rate_hz,
            buffer_size: cpal::BufferSize::Default,
        };
        let (queue, blocks) = sync_channel(QUEUE_BLOCKS);
        let shared = Arc::new(Shared::default());
        let mut feed = Feed { blocks, block: Vec::new(), at: 0, shared: Arc::clone(&shared) };
        let complain = {
            let shared = Arc::clone(&shared);
            move |error: cpal::Error| {
                // What follows from the first failure is of no interest.
                let mut failure = shared.failure.lock().unwrap_or_else(PoisonError::into_inner);
                failure.get_or_insert(error.to_string());
            }
        };
        let stream = device
            .build_output_stream(
                config,
                move |out: &mut [f32], _: &_| feed.fill(out),
                complain,
                None,
            )
            .map_err(|error| no_sound(&error.to_string()))?;
        stream.play().map_err(|error| no_sound(&error.to_string()))?;
        Ok(Self { _stream: stream, queue, shared, stop: stop.clone() })
    }

    /// Sleeps a little; says whether there is still something to wait for.
    fn wait(&self) -> Result<bool, Failure> {
        let failure = self.shared.failure.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(error) = failure {
            return Err(Failure::new("audio_out_failed", format!("the sound device: {error}")));
        }
        sleep(POLL);
        Ok(!self.stop.is_asked())
    }
}

impl Sink for Device {
    fn put(&mut self, samples: &[f32]) -> Result<(), Failure> {
        let mut block = samples.to_vec();
        self.shared.waiting.fetch_add(block.len(), Ordering::Relaxed);
        loop {
            match self.queue.try_send(block) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Full(back)) => block = back,
                Err(TrySendError::Disconnected(_)) => {
                    return Err(Failure::new("audio_out_failed", "the sound device is gone"));
                }
            }
            if !self.wait()? {
                return Ok(());
            }
        }
    }

    fn end(&mut self) -> Result<(), Failure> {
        while self.shared.waiting.load(Ordering::Relaxed) > 0 && self.wait()? {}
        Ok(())
    }
}

/// The device's side of the queue.
struct Feed {
    blocks: Receiver<Vec<f32>>,
    block: Vec<f32>,
    at: usize,
    shared: Arc<Shared>,
}

impl Feed {
    /// Fills a buffer of the device; with silence where the decoder is late.
    fn fill(&mut self, out: &mut [f32]) {
        let mut filled = 0;
        while filled < out.len() {
            let rest = self.block.get(self.at..).unwrap_or_default();
            if rest.is_empty() {
                let Ok(next) = self.blocks.try_recv() else { break };
                (self.block, self.at) = (next, 0);
                continue;
            }
            let count = rest.len().min(out.len() - filled);
            out[filled..filled + count].copy_from_slice(&rest[..count]);
            (filled, self.at) = (filled + count, self.at + count);
        }
        out[filled..].fill(0.0);
        self.shared.waiting.fetch_sub(filled, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_handed_on_whole_and_late_ones_are_silence() {
        let (queue, blocks) = sync_channel(QUEUE_BLOCKS);
        let shared = Arc::new(Shared::default());
        let mut feed = Feed { blocks, block: Vec::new(), at: 0, shared: Arc::clone(&shared) };
        shared.waiting.store(5, Ordering::Relaxed);
        queue.send(vec![1.0, 2.0, 3.0]).unwrap();
        queue.send(vec![4.0, 5.0]).unwrap();
        let mut out = [9.0; 4];
        feed.fill(&mut out);
        assert_eq!((out, shared.waiting.load(Ordering::Relaxed)), ([1.0, 2.0, 3.0, 4.0], 1));
        feed.fill(&mut out);
        assert_eq!((out, shared.waiting.load(Ordering::Relaxed)), ([5.0, 0.0, 0.0, 0.0], 0));
    }
}
