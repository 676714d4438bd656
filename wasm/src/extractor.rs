//! PCM that the page already has (a microphone, Web Audio, a player) to codes, as it arrives.

use onmon_core::{Channels, SampleRate};
use wasm_bindgen::prelude::*;

use crate::refusal::refusal;

/// Turns a stream of PCM into one 8-bit code per 50 ms; wraps [`onmon_core::Extractor`].
#[wasm_bindgen]
pub struct Extractor(onmon_core::Extractor);

#[wasm_bindgen]
impl Extractor {
    /// An extractor at the start of a stream of `channels` interleaved channels.
    ///
    /// # Errors
    /// `{code, message}` with code `unsupported_rate` or `unsupported_channels`: what core does
    /// not take.
    #[wasm_bindgen(constructor)]
    pub fn new(sample_rate_hz: u32, channels: u32) -> Result<Extractor, JsValue> {
        let rate = SampleRate::from_hz(sample_rate_hz);
        let rate = rate.map_err(|error| refusal("unsupported_rate", &error))?;
        let channels = Channels::new(u16::try_from(channels).unwrap_or(u16::MAX));
        let channels = channels.map_err(|error| refusal("unsupported_channels", &error))?;
        Ok(Self(onmon_core::Extractor::new(rate, channels)))
    }

    /// Takes a block of 32-bit float PCM (full scale +-1) and returns the codes that it completes.
    #[wasm_bindgen(js_name = pushF32)]
    pub fn push_f32(&mut self, block: &[f32]) -> Vec<u8> {
        let mut codes = Vec::new();
        self.0.push(block, |code| codes.push(code));
        codes
    }

    /// Takes a block of 16-bit PCM and returns the codes that it completes.
    #[wasm_bindgen(js_name = pushI16)]
    pub fn push_i16(&mut self, block: &[i16]) -> Vec<u8> {
        let mut codes = Vec::new();
        self.0.push(block, |code| codes.push(code));
        codes
    }

    /// The codes before the first and after the last, were the stream to end here, half of them
    /// each; `undefined` before the first code.
    pub fn margins(&self) -> Option<Vec<u8>> {
        self.0.margins().map(|margins| [margins.before, margins.after].concat())
    }
}
