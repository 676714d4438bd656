//! The image `stream`: vectors as a microphone gives them, and what comes over the serial line.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use onmon_link::{Ended, Message, decode};

use super::board::{Board, Job, Run, words};
use crate::vectors::Vector;

/// The main loop is away for so long in one test: more than both halves of audio at any rate.
const STALL_MS: u64 = 1_000;

/// 8 ns an instruction, as of a Cortex-M4F at 168 MHz that takes 1.34 cycles for one.
const AS_168_MHZ: u32 = 3;

/// 256 ns an instruction: less than 4 million a second, which suffice for no rate.
const TOO_SLOW: u32 = 8;

/// Vectors that the image plays in one run (firmware/src/microphone.rs).
const VECTORS_PER_RUN: usize = 2;

/// Every vector's codes come over the line, with another rate in one run; what a busy main loop and
/// a slow processor lose is told, and no code is told that is not the vector's.
pub fn check(board: &Board, vectors: &[Vector]) -> Result<()> {
    for played in vectors.chunks(VECTORS_PER_RUN) {
        let run = run(board, played, 0, 0)?;
        all_is_told(&run, played).with_context(|| names(played))?;
    }
    let [.., last] = vectors else { bail!("no vectors") };
    let longest = vectors.iter().max_by_key(|vector| vector.codes.len()).unwrap_or(last);
    let dearest = vectors.iter().max_by_key(|vector| vector.rate_hz).unwrap_or(last);
    let played = std::slice::from_ref(longest);
    let stalled = told(&run(board, played, STALL_MS, 0)?)?;
    loss_is_told(&stalled, longest).context("with a main loop that was away for a while")?;
    ensure!(
        stalled.codes[0].keys().next_back() == Some(&(longest.codes.len() as u32 - 1)),
        "after the main loop was away its codes do not come back"
    );
    let slow = told(&run(board, played, 0, TOO_SLOW)?)?;
    loss_is_told(&slow, longest).context("on a processor that is too slow")?;
    if board.floats_in_hardware {
        let played = std::slice::from_ref(dearest);
        all_is_told(&run(board, played, 0, AS_168_MHZ)?, played)
            .context("at 8 ns an instruction")?;
    }
    Ok(())
}

/// Runs the image on vectors, one after the other.
fn run(board: &Board, vectors: &[Vector], stall_ms: u64, slowness: u32) -> Result<Run> {
    let vectors =
        vectors.iter().flat_map(|vector| words(&vector.pcm, vector.rate_hz, vector.channels));
    let words = std::iter::once(stall_ms.to_string()).chain(vectors).collect();
    board.run(&Job { image: "stream", words, slowness })
}

/// What came over the serial line, put in order.
struct Told {
    /// Rate, channels and codes by their numbers, of each stream that began.
    formats: Vec<(u32, u16)>,
    codes: Vec<BTreeMap<u32, u8>>,
    /// Frames of all that was told as lost.
    lost_frames: u64,
    ended: Ended,
}

fn told(run: &Run) -> Result<Told> {
    let ended = Ended { codes: 0, overruns: 0, lost_frames: 0 };
    let mut told = Told { formats: vec![], codes: vec![], lost_frames: 0, ended };
    let mut messages = messages(&run.sent)?;
    let Some(Message::Ended(ended)) = messages.pop() else { bail!("the image told no end") };
    told.ended = ended;
    for message in messages {
        match message {
            Message::Started(started) => {
                told.formats.push((started.rate_hz, started.channels));
                told.codes.push(BTreeMap::new());
            }
            Message::Codes(codes) => {
                let stream = told.codes.last_mut().context("codes before any stream began")?;
                stream.extend((codes.first..).zip(codes.codes));
            }
            Message::Lost(lost) => told.lost_frames += u64::from(lost.frames),
            other => bail!("the image said {other:?}"),
        }
    }
    let codes: usize = told.codes.iter().map(BTreeMap::len).sum();
    ensure!(
        codes == told.ended.codes as usize,
        "{codes} codes were told, and {} by the image's own count",
        told.ended.codes
    );
    Ok(told)
}

/// All messages of a serial line.
pub fn messages(sent: &[u8]) -> Result<Vec<Message>> {
    let frames = sent.strip_suffix(&[0]).context("the serial line ends within a frame")?;
    let message = |frame: &[u8]| decode(frame).with_context(|| format!("frame {frame:02x?}"));
    frames.split(|byte| *byte == 0).map(message).collect()
}

fn all_is_told(run: &Run, vectors: &[Vector]) -> Result<()> {
    let told = told(run)?;
    ensure!(
        (told.ended.overruns, told.lost_frames, told.ended.lost_frames) == (0, 0, 0),
        "{} overruns lost {} frames",
        told.ended.overruns,
        told.ended.lost_frames
    );
    let formats = vectors.iter().map(|vector| (vector.rate_hz, vector.channels));
    ensure!(formats.eq(told.formats.iter().copied()), "streams of {:?} began", told.formats);
    for (vector, codes) in vectors.iter().zip(&told.codes) {
        let expected = (0..).zip(vector.codes.iter().copied());
        ensure!(expected.eq(codes.clone()), "{}: other codes than the golden ones", vector.name);
    }
    Ok(())
}

fn loss_is_told(told: &Told, vector: &Vector) -> Result<()> {
    ensure!(told.ended.overruns > 0, "nothing was lost, so this shows nothing");
    ensure!(told.lost_frames > 0, "{} overruns, of which none was told", told.ended.overruns);
    ensure!(
        told.lost_frames <= told.ended.lost_frames,
        "{} lost frames were told, of {}",
        told.lost_frames,
        told.ended.lost_frames
    );
    let [codes] = &told.codes[..] else { bail!("{} streams began", told.codes.len()) };
    ensure!(codes.len() < vector.codes.len(), "audio was lost, and no code is missing");
    for (number, code) in codes {
        ensure!(
            vector.codes.get(*number as usize) == Some(code),
            "code {number} is not the one that the whole has"
        );
    }
    Ok(())
}

fn names(vectors: &[Vector]) -> String {
    let names: Vec<&str> = vectors.iter().map(|vector| vector.name.as_str()).collect();
    names.join(", then ")
}
