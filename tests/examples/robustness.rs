//! onmon as `cargo xtask bench robustness` asks it: the real extractor and the real index at its
//! default threshold, a question a line.
//!
//! `robustness --encoders` prints the encoders of this build; `robustness [--encoder N]
//! [--codes-to FILE]` reads lines of JSON and answers each with one, in the same order:
//!
//! ```text
//! {"id": "song", "role": "reference", "rate": 16000, "samples": [{"path": "a.s16", "start": 0}]}
//!   -> {"id": "song", "codes": 4000}
//! {"id": "q1", "role": "query", "rate": 16000, "samples": [{"path": "b.s16", "start": 1200}, …]}
//!   -> {"id": "q1", "codes": 300, "matches": [{"reference": "song", "confidence": 41.5, …}]}
//! ```
//! Files are mono 16-bit little-endian PCM; `start` is the code of the recording (50 ms each) at
//! which the file begins. FILE takes the codes of all, for `index_bench`: a line
//! `{"id": …, "ref": [codes]}` or `{"id": …, "samples": [[start, [codes]], …]}` each.

use std::fs::File;
use std::io::{BufRead, BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use onmon_core::encoder::{Encoder, SlowDifference};
use onmon_core::{
    CODES_PER_SAMPLE, Channels, ENCODER, EncoderId, Extractor, Margins, QueryBuilder, SampleRate,
};
use onmon_index::Index;
use serde_json::{Value, json};

/// Encoders that this build can run, the default one first.
const ENCODERS: [EncoderId; 2] = [ENCODER, SlowDifference::ID];

/// A stretch of sound in codes.
struct Heard {
    /// Codes of the recording before it.
    start: u32,
    codes: Vec<u8>,
    margins: Option<Margins>,
}

/// The one place that knows how codes are made: another encoder is another arm here.
fn heard(encoder: EncoderId, rate: SampleRate, start: u32, pcm: &[i16]) -> Result<Heard> {
    fn by<E: Encoder>(mut extractor: Extractor<E>, start: u32, pcm: &[i16]) -> Heard {
        let mut codes = Vec::new();
        extractor.push(pcm, |code| codes.push(code));
        Heard { start, codes, margins: extractor.margins() }
    }
    let mono = Channels::new(1)?;
    Ok(match encoder {
        ENCODER => by(Extractor::new(rate, mono), start, pcm),
        SlowDifference::ID => by(Extractor::<SlowDifference>::with_encoder(rate, mono), start, pcm),
        other => bail!("this build has no encoder {}", other.0),
    })
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if words == ["--encoders"] {
        println!("{}", json!(ENCODERS.map(|encoder| encoder.0)));
        return Ok(());
    }
    let (mut encoder, mut codes_to) = (ENCODERS[0], None);
    for option in words.chunks(2) {
        match option {
            ["--encoder", id] => {
                encoder = EncoderId(id.parse().context("--encoder takes a number")?);
            }
            ["--codes-to", file] => {
                let made = File::create(file).with_context(|| format!("cannot make {file}"))?;
                codes_to = Some(BufWriter::new(made));
            }
            _ => bail!("usage: robustness [--encoders | --encoder N --codes-to FILE] < questions"),
        }
    }
    let mut catalogue = Catalogue::new(encoder, codes_to);
    for line in std::io::stdin().lock().lines() {
        let question: Value = serde_json::from_str(&line?)?;
        let mut out = std::io::stdout().lock();
        writeln!(out, "{}", catalogue.answer(&question)?)?;
        out.flush()?;
    }
    catalogue.finish()
}

/// What is enrolled, with the names that the index does not know.
struct Catalogue {
    encoder: EncoderId,
    names: Vec<String>,
    index: Index,
    codes_to: Option<BufWriter<File>>,
}

impl Catalogue {
    fn new(encoder: EncoderId, codes_to: Option<BufWriter<File>>) -> Self {
        // Nothing is ever written: the directory does not matter.
        Self { encoder, names: vec![], index: Index::empty(Path::new("unused")), codes_to }
    }

    /// All codes are in the file.
    fn finish(mut self) -> Result<()> {
        Ok(self.codes_to.as_mut().map_or(Ok(()), BufWriter::flush)?)
    }

    fn answer(&mut self, question: &Value) -> Result<Value> {
        let id = question["id"].as_str().context("a question without id")?;
        let samples = self.samples(question).with_context(|| id.to_owned())?;
        let role = question["role"].as_str();
        match role {
            Some("reference") => self.enrol(id, &samples),
            Some("query") => self.identify(id, &samples),
            _ => bail!("{id}: the role is reference or query"),
        }
    }

    /// What was heard of each sample.
    fn samples(&self, question: &Value) -> Result<Vec<Heard>> {
        let hz = question["rate"].as_u64().context("no rate")?;
        let rate = SampleRate::from_hz(u32::try_from(hz)?)?;
        let mut samples = vec![];
        for sample in question["samples"].as_array().context("no samples")? {
            let path = sample["path"].as_str().context("a sample without path")?;
            let start = sample["start"].as_u64().unwrap_or_default();
            let bytes = std::fs::read(path).with_context(|| format!("cannot read {path}"))?;
            let pcm: Vec<i16> =
                bytes.chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]])).collect();
            samples.push(heard(self.encoder, rate, u32::try_from(start)?, &pcm)?);
        }
        Ok(samples)
    }

    fn enrol(&mut self, id: &str, samples: &[Heard]) -> Result<Value> {
        let [Heard { start: 0, codes, .. }] = samples else {
            bail!("{id}: a reference is one sample from 0")
        };
        ensure!(!self.names.iter().any(|name| name == id), "{id} is enrolled twice");
        self.index.insert(u32::try_from(self.names.len())?, codes);
        self.names.push(id.to_owned());
        self.keep(|| json!({ "id": id, "ref": codes }))?;
        Ok(json!({ "id": id, "codes": codes.len() }))
    }

    fn identify(&mut self, id: &str, samples: &[Heard]) -> Result<Value> {
        let builder = query(samples).with_context(|| id.to_owned())?;
        let query = builder.finish().with_context(|| id.to_owned())?;
        self.keep(|| {
            let samples = query.samples().map(|sample| (sample.start, sample.codes));
            let samples: Vec<_> = samples.collect();
            json!({ "id": id, "samples": samples })
        })?;
        let mut matches = vec![];
        for found in self.index.identify(&query)? {
            matches.push(json!({
                "reference": self.names[found.slot as usize],
                "confidence": found.confidence,
                "offset_ms": found.offset_ms,
                "bit_error": found.bit_error,
            }));
        }
        Ok(json!({ "id": id, "codes": query.codes().len(), "matches": matches }))
    }

    fn keep(&mut self, line: impl FnOnce() -> Value) -> Result<()> {
        if let Some(file) = &mut self.codes_to {
            writeln!(file, "{}", line())?;
        }
        Ok(())
    }
}

/// What a client sends: of one stretch of sound a clip.
fn query(samples: &[Heard]) -> Result<QueryBuilder> {
    if let [Heard { start: 0, codes, margins }] = samples {
        return Ok(QueryBuilder::of_sound(0, codes, margins.as_ref(), None)?);
    }
    let mut builder = QueryBuilder::new(0);
    for Heard { start, codes, .. } in samples {
        builder.push(*start, &codes[..codes.len().min(CODES_PER_SAMPLE)])?;
    }
    Ok(builder)
}
