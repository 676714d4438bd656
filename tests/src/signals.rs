//! Synthetic signals: chords with a beat, sweeps, noise, and the inputs that break careless code.

use std::f64::consts::TAU;

/// Interleaved 16-bit PCM and what it is.
pub struct Signal {
    /// File stem of the vector.
    pub name: &'static str,
    /// Frames per second.
    pub rate_hz: u32,
    /// Interleaved channels.
    pub channels: u16,
    /// The samples.
    pub pcm: Vec<i16>,
}

/// The signals of the golden vectors.
pub fn golden() -> Vec<Signal> {
    vec![
        signal("chords_8k_mono", 8_000, 1, 8.0, |t, _| chords(t)),
        signal("chords_44k1_stereo", 44_100, 2, 3.0, |t, channel| {
            0.8 * chords(t + 3.1) + 0.2 * chords(t + 0.7 * f64::from(channel))
        }),
        signal("sweep_48k_mono", 48_000, 1, 3.0, |t, _| {
            0.7 * (TAU * (200.0 * t + 900.0 * t * t)).sin() + 0.1 * chords(t)
        }),
        edges(),
        noise("noise_11k_mono", 11_025, 3),
    ]
}

/// A sampled function of time (seconds) and channel, full scale at +-1.
pub fn signal(
    name: &'static str,
    rate_hz: u32,
    channels: u16,
    seconds: f64,
    value: impl Fn(f64, u16) -> f64,
) -> Signal {
    let frames = (f64::from(rate_hz) * seconds) as u32;
    let pcm = (0..frames)
        .flat_map(|frame| (0..channels).map(move |channel| (frame, channel)))
        .map(|(frame, channel)| value(f64::from(frame) / f64::from(rate_hz), channel))
        .map(|value| (value * 32_767.0).round() as i16)
        .collect();
    Signal { name, rate_hz, channels, pcm }
}

/// A chord every 0.4 s over a bass and a noisy beat: rich enough for every band to move.
pub fn chords(t: f64) -> f64 {
    let step = (t / 0.4).floor();
    let root = 220.0 * 2_f64.powf(((step * 5.0) % 12.0) / 12.0);
    let since = t - 0.4 * step;
    let decay = (-3.0 * since).exp();
    let voices: f64 =
        [1.0, 1.26, 1.498, 2.0, 3.01, 4.6].iter().map(|ratio| (TAU * root * ratio * t).sin()).sum();
    let beat =
        (-40.0 * (t % 0.2)).exp() * (TAU * 1_873.0 * t + 40.0 * (TAU * 777.0 * t).sin()).sin();
    0.09 * decay * voices + 0.2 * beat
}

/// Silence, DC, full-scale square, single impulses and the extremes, half a second each, at 16
/// kHz.
fn edges() -> Signal {
    let part = 8_000;
    let square = (0..part).map(|i| if i / 20 % 2 == 0 { i16::MAX } else { i16::MIN });
    let impulses = (0..part).map(|i| if i % 1_000 == 0 { i16::MAX } else { 0 });
    let alternating = (0..part).map(|i| if i % 2 == 0 { i16::MIN } else { i16::MAX });
    let least = (0..part).map(|i| (i / 7 % 2) as i16);
    let pcm = std::iter::repeat_n(0, part)
        .chain(std::iter::repeat_n(12_345, part))
        .chain(square)
        .chain(impulses)
        .chain(alternating)
        .chain(least)
        .chain(std::iter::repeat_n(i16::MIN, part))
        .chain(std::iter::repeat_n(0, part))
        .collect();
    Signal { name: "edges_16k_mono", rate_hz: 16_000, channels: 1, pcm }
}

/// White noise from a linear congruential generator (Numerical Recipes' constants).
pub fn noise(name: &'static str, rate_hz: u32, seconds: u32) -> Signal {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) as i16 / 2
    };
    let pcm = (0..rate_hz * seconds).map(|_| next()).collect();
    Signal { name, rate_hz, channels: 1, pcm }
}
