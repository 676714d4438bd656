//! What is lost is told, and every code that is told is the one that the whole would have had.

use onmon_core::plan::{PREROLL_CODES, SEEK_GRID_CODES, frame_of};
use onmon_core::{Channels, RATES_HZ, SampleRate};
use onmon_device::{Format, Half, Halves, Intake, Listener, Outlet, double_buffer};
use onmon_link::Message;
use onmon_tests::signals::{chords, signal};
use onmon_tests::vectors::codes_of;

const SAMPLES: usize = 512;

fn format(rate_hz: u32, channels: u16) -> Format {
    let rate = SampleRate::from_hz(rate_hz).unwrap();
    Format { rate, channels: Channels::new(channels).unwrap() }
}

/// A double buffer as an image has it, in statics.
fn double_buffered() -> (Intake<SAMPLES>, Outlet<SAMPLES>) {
    fn forever<T>(value: T) -> &'static mut T {
        Box::leak(Box::new(value))
    }
    let halves = forever([Half::new(), Half::new()]);
    double_buffer(halves, forever(Halves::new()), forever(Halves::new()))
}

#[derive(Default)]
struct Device {
    listener: Listener,
    messages: Vec<Message>,
}

impl Device {
    fn take_all(&mut self, outlet: &mut Outlet<SAMPLES>) {
        let Self { listener, messages } = self;
        while outlet
            .take(|heard| listener.hear(&heard, |message| messages.push(message.clone())))
            .is_some()
        {}
    }

    fn end(&mut self, intake: &Intake<SAMPLES>) {
        self.listener.end(intake.lost(), |message| self.messages.push(message.clone()));
    }

    /// Every code that was told, with its number; only of the last stream that began.
    fn codes(&self) -> Vec<(u32, u8)> {
        let mut codes = vec![];
        for message in &self.messages {
            match message {
                Message::Started(_) => codes.clear(),
                Message::Codes(told) => {
                    codes.extend((told.first..).zip(told.codes.iter().copied()))
                }
                _ => {}
            }
        }
        codes
    }
}

fn fill(intake: &mut Intake<SAMPLES>, format: Format, block: &[i16]) -> bool {
    intake.fill(format, block.len(), |half| half.copy_from_slice(&block[..half.len()]))
}

#[test]
fn codes_around_a_gap_are_those_of_the_whole_at_every_rate() {
    for (rate_hz, channels) in RATES_HZ.into_iter().map(|hz| (hz, 1)).chain([(44_100, 2)]) {
        let format = format(rate_hz, channels);
        let pcm = signal("", rate_hz, channels, 6.0, |t, _| chords(t)).pcm;
        let whole = codes_of(&pcm, rate_hz, channels).unwrap();
        // The main loop is away for a fifth of a second, after two.
        let frames_per_half = SAMPLES / usize::from(channels);
        let away =
            2 * rate_hz as usize / frames_per_half..11 * rate_hz as usize / 5 / frames_per_half;
        let (mut intake, mut outlet) = double_buffered();
        let mut device = Device::default();
        let (mut refused, mut lost_frames) = (0, 0);
        for (i, block) in pcm.chunks(SAMPLES).enumerate() {
            if !fill(&mut intake, format, block) {
                refused += 1;
                lost_frames += (block.len() / usize::from(channels)) as u32;
            }
            if !away.contains(&i) {
                device.take_all(&mut outlet);
            }
        }
        device.end(&intake);
        assert_eq!(refused, (away.len() - 1) as u32, "two halves, then none: {rate_hz}");

        let lost = device.messages.iter().find_map(|message| match message {
            Message::Lost(lost) => Some(lost.clone()),
            _ => None,
        });
        let lost = lost.expect("told");
        assert_eq!((lost.overruns, lost.frames), (refused, lost_frames), "{rate_hz}");
        let codes = device.codes();
        for (number, code) in &codes {
            assert_eq!(whole.get(*number as usize), Some(code), "{rate_hz}, code {number}");
        }
        // All before the gap that end before it, then all from where it says that they resume.
        let last = whole.len() as u32 - 1;
        assert_eq!(codes.last().map(|(number, _)| *number), Some(last), "{rate_hz}");
        let resumed = codes.iter().position(|(number, _)| *number == lost.resumes);
        let resumed = resumed.expect("resumes where it says");
        assert!(codes[resumed..].iter().map(|(n, _)| *n).eq(lost.resumes..=last), "{rate_hz}");
        assert!(codes[..resumed].iter().map(|(n, _)| *n).eq(0..resumed as u32), "{rate_hz}");
        assert!(resumed > 0);
        // No later than needed: the next place of the grid after the gap, and the preroll.
        let gap_end = ((away.start + 2) * frames_per_half) as u64 + u64::from(lost_frames);
        let entered = lost.resumes - PREROLL_CODES;
        assert!(frame_of(entered, format.rate) >= gap_end);
        assert!(frame_of(entered - SEEK_GRID_CODES, format.rate) < gap_end);
        let Some(Message::Ended(ended)) = device.messages.last() else { panic!("no end") };
        assert_eq!(ended.codes, codes.len() as u32);
        assert_eq!((ended.overruns, ended.lost_frames), (refused, u64::from(lost_frames)));
    }
}

#[test]
fn what_is_lost_at_the_end_and_what_is_more_than_a_half_are_counted_too() {
    let format = format(8_000, 1);
    let (mut intake, mut outlet) = double_buffered();
    let mut device = Device::default();
    assert!(fill(&mut intake, format, &[1; SAMPLES + 7]), "what fits is taken");
    device.take_all(&mut outlet);
    for _ in 0..5 {
        fill(&mut intake, format, &[1; SAMPLES]);
    }
    device.take_all(&mut outlet);
    device.end(&intake);
    let Some(Message::Ended(ended)) = device.messages.last() else { panic!("no end") };
    assert_eq!((ended.overruns, ended.lost_frames), (4, 7 + 3 * SAMPLES as u64));
}

#[test]
fn another_rate_or_number_of_channels_begins_another_stream() {
    let tone = |rate_hz, channels| signal("", rate_hz, channels, 3.0, |t, _| chords(t)).pcm;
    let (mut intake, mut outlet) = double_buffered();
    let mut device = Device::default();
    for (rate_hz, channels) in [(44_100, 2), (48_000, 2), (48_000, 1)] {
        let (pcm, format) = (tone(rate_hz, channels), format(rate_hz, channels));
        for block in pcm.chunks(SAMPLES) {
            assert!(fill(&mut intake, format, block));
            device.take_all(&mut outlet);
        }
        device.listener.flush(|message| device.messages.push(message.clone()));
        let expected = codes_of(&pcm, rate_hz, channels).unwrap();
        assert!(device.codes().into_iter().eq((0..).zip(expected)), "{rate_hz} {channels}");
    }
    let started: Vec<_> = device
        .messages
        .iter()
        .filter_map(|message| match message {
            Message::Started(started) => Some((started.rate_hz, started.channels)),
            _ => None,
        })
        .collect();
    assert_eq!(started, [(44_100, 2), (48_000, 2), (48_000, 1)]);
}
