//! `onmon inspect`: what a fingerprint holds, in words and as a picture.

use std::path::Path;

use onmon_core::{CODES_PER_SAMPLE, CODES_PER_SECOND, Fingerprint, Kind, wire};
use serde::Serialize;

use crate::args::InspectArgs;
use crate::bar::write_line;
use crate::identify::clock_time;
use crate::inputs::{Also, files, is_fingerprint};
use crate::outcome::{Done, Failure};
use crate::stop::Stop;
use crate::take;

/// Codes in one line of the picture: two to a character.
const LINE_CODES: usize = 150;

/// Runs the command.
pub fn run(args: &InspectArgs, stop: &Stop) -> anyhow::Result<Done> {
    let files = files(&args.files, Also::Queries);
    let mut failed = 0;
    for (index, file) in files.iter().enumerate() {
        if stop.is_asked() {
            return Ok(Done::Stopped);
        }
        match Inspected::of(file, stop) {
            Ok(inspected) if args.json => write_line(&serde_json::to_string(&inspected)?),
            Ok(inspected) => {
                if index > 0 {
                    write_line("");
                }
                inspected.for_people().iter().for_each(|line| write_line(line));
            }
            Err(failure) => {
                failed += 1;
                eprintln!("{}: {failure}", file.display());
                if args.json {
                    let failed =
                        Failed { file: file.display().to_string(), error: failure.to_string() };
                    write_line(&serde_json::to_string(&failed)?);
                }
            }
        }
    }
    Ok(Done::of(failed, false))
}

#[derive(Serialize)]
struct Failed {
    file: String,
    error: String,
}

#[derive(Serialize)]
struct Inspected {
    file: String,
    kind: &'static str,
    wire_version: u8,
    profile: u8,
    encoder: u16,
    duration_ms: u32,
    bytes: usize,
    samples: Vec<Sample>,
    /// What the headers of an audio file say; null for a fingerprint.
    audio: Option<Audio>,
}

#[derive(Serialize)]
struct Sample {
    start_ms: u32,
    /// Lower-case hexadecimal, two digits a code.
    codes: String,
    #[serde(skip)]
    raw: Vec<u8>,
}

#[derive(Serialize)]
struct Audio {
    container: &'static str,
    codec: &'static str,
    rate_hz: u32,
    channels: u16,
}

impl Inspected {
    fn of(file: &Path, stop: &Stop) -> Result<Self, Failure> {
        if is_fingerprint(file) {
            let bytes = take::read_fingerprint(file)?;
            return Ok(Self::new(file, &bytes, &wire::decode(&bytes)?, None));
        }
        let taken = take::query(file, stop)?;
        let audio = taken.info.map(|info| Audio {
            container: info.container,
            codec: info.codec,
            rate_hz: info.rate_hz,
            channels: info.channels,
        });
        Ok(Self::new(file, &taken.wire, &wire::decode(&taken.wire)?, audio))
    }

    fn new(file: &Path, bytes: &[u8], found: &Fingerprint<'_>, audio: Option<Audio>) -> Self {
        let samples = found.samples().map(|sample| Sample {
            start_ms: sample.start * (1_000 / CODES_PER_SECOND),
            codes: sample.codes.iter().map(|code| format!("{code:02x}")).collect(),
            raw: sample.codes.to_vec(),
        });
        Self {
            file: file.display().to_string(),
            kind: match found.kind() {
                Kind::Query => "query",
                Kind::Reference => "reference",
                Kind::Clip => "clip",
            },
            wire_version: wire::VERSION,
            profile: found.profile().0,
            encoder: found.encoder().0,
            duration_ms: found.duration_ms(),
            bytes: bytes.len(),
            samples: samples.collect(),
            audio,
        }
    }

    fn for_people(&self) -> Vec<String> {
        let mut lines = vec![
            self.file.clone(),
            format!(
                "  {} fingerprint, {} bytes, wire version {}, profile {}, encoder {}",
                self.kind, self.bytes, self.wire_version, self.profile, self.encoder
            ),
            format!("  of a recording of {}", clock_time(self.duration_ms.into())),
        ];
        lines.extend(self.audio.as_ref().map(|audio| {
            let Audio { container, codec, rate_hz, channels } = audio;
            format!("  {codec} in {container}, {rate_hz} Hz, {channels} channel(s)")
        }));
        for (number, sample) in self.samples.iter().enumerate() {
            let codes = sample.raw.len();
            lines.push(format!(
                "  sample {} from {}: {codes} codes, {:.1} s",
                number + 1,
                clock_time(sample.start_ms.into()),
                codes as f32 / CODES_PER_SECOND as f32,
            ));
            let shown = sample.raw.get(..codes.min(CODES_PER_SAMPLE)).unwrap_or_default();
            lines.extend(picture(shown).into_iter().map(|row| format!("    {row}")));
            if codes > shown.len() {
                lines.push(format!("    … and {} more codes", codes - shown.len()));
            }
        }
        lines
    }
}

/// Codes as dots, time from left to right, bit 7 (the highest bands) on top: a dot is a one. A
/// character holds two codes and four bits, so two rows of characters are one row of codes.
fn picture(codes: &[u8]) -> Vec<String> {
    let rows = codes.chunks(LINE_CODES).flat_map(|line| {
        [4, 0].map(|low_bit| {
            line.chunks(2)
                .map(|pair| {
                    let nibble = |at: usize| pair.get(at).map_or(0, |code| code >> low_bit & 15);
                    braille(nibble(0), nibble(1))
                })
                .collect()
        })
    });
    rows.collect()
}

/// The braille character with these four dots (bit 3 on top) in its left and right column.
fn braille(left: u8, right: u8) -> char {
    // Dots of the left column from the top, and of the right one, as Unicode numbers them.
    const LEFT: [u32; 4] = [0x01, 0x02, 0x04, 0x40];
    const RIGHT: [u32; 4] = [0x08, 0x10, 0x20, 0x80];
    let dots = |nibble: u8, column: [u32; 4]| -> u32 {
        (0..4).filter(|row| nibble >> (3 - row) & 1 == 1).filter_map(|row| column.get(row)).sum()
    };
    char::from_u32(0x2800 + dots(left, LEFT) + dots(right, RIGHT)).unwrap_or(' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_has_its_dot() {
        assert_eq!(picture(&[0xff, 0xff]), ["⣿", "⣿"]);
        assert_eq!(picture(&[0x80, 0x01]), ["⠁", "⢀"]);
        assert_eq!(picture(&[0; 151]).len(), 4);
        assert!(picture(&[]).is_empty());
    }
}
