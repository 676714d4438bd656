//! One pass through the whole file: all codes of the recording.

use onmon_core::Margins;
use onmon_core::plan::TooShort;

use crate::codes::CodeMaker;
use crate::error::DecodeError;
use crate::hooks::Progress;
use crate::meter::Meter;
use crate::picture::Picture;
use crate::track::Track;

/// Milliseconds of audio past the promised end that count as the encoder's padding and are left
/// out.
const PADDING_MS_MAX: u32 = 200;

/// All codes of a recording, from one pass.
pub(crate) struct WholePass {
    pub(crate) codes: Vec<u8>,
    pub(crate) margins: Option<Margins>,
    pub(crate) duration_ms: u32,
    pub(crate) picture: Option<Picture>,
    pub(crate) extract_ms: f64,
}

/// Decodes everything, at most `hours_max` hours of it.
pub(crate) fn whole_pass(
    track: &mut Track,
    mut maker: CodeMaker,
    hours_max: u32,
    source: (&Meter, Option<u64>),
    progress: &mut Progress<'_, '_>,
) -> Result<WholePass, DecodeError> {
    let format = maker.format;
    let mut codes = Vec::new();
    let (mut frames, mut lost) = (0_u64, 0_u64);
    let frames_max = u64::from(hours_max) * 3_600 * u64::from(track.rate_hz());
    while let Some(piece) = track.next()? {
        if let Some(pcm) = track.decode(&piece) {
            // Before frame 0 lies the encoder's delay. Only at the start: later links of a chained
            // file begin anew.
            let delay = if frames == 0 { piece.at.min(0).unsigned_abs() } else { 0 };
            let skip = usize::try_from(delay).unwrap_or(usize::MAX).min(pcm.frames());
            maker.push(&pcm, skip, |code| codes.push(code))?;
            frames += (pcm.frames() - skip) as u64;
        } else if piece.at >= 0 {
            let silence = track.lost_frames(&piece);
            maker.push_silence(silence, |code| codes.push(code));
            frames += silence as u64;
            lost += silence as u64;
        }
        if frames > frames_max {
            return Err(DecodeError::TooLong { hours: hours_max });
        }
        progress.tell(share(frames, track.claimed_frames(), source))?;
    }
    if frames == 0 || lost * 2 > frames {
        return Err(track.take_failure().unwrap_or_else(|| TooShort { codes: 0 }.into()));
    }
    let mut padding = vec![];
    if let Some(claimed) = track.claimed_frames() {
        let padding_max = u64::from(track.rate_hz()) * u64::from(PADDING_MS_MAX) / 1_000;
        if frames > claimed && frames - claimed <= padding_max {
            frames = claimed;
            padding = codes.split_off(codes.len().min(format.codes_in(frames) as usize));
        }
    }
    let (duration_ms, extract_ms) = (format.ms_in(frames), maker.extract_ms);
    let (picture, margins) = maker.ended();
    let margins = margins.map(|margins| after_padding(margins, &padding));
    Ok(WholePass { codes, margins, duration_ms, picture, extract_ms })
}

/// The margins of a recording behind which so many codes more were taken: those come first.
fn after_padding(mut margins: Margins, padding: &[u8]) -> Margins {
    let all = [padding, &margins.after].concat();
    margins.after.iter_mut().zip(all).for_each(|(code, other)| *code = other);
    margins
}

/// The share that is done: of the promised frames or, without a promise, of the bytes.
fn share(frames: u64, claimed: Option<u64>, (meter, len): (&Meter, Option<u64>)) -> f32 {
    let (done, all) = match (claimed, len) {
        (Some(claimed), _) if claimed > 0 => (frames, claimed),
        (_, Some(len)) if len > 0 => (meter.bytes_read(), len),
        _ => (0, 1),
    };
    (done as f64 / all as f64) as f32
}
