//! The element `onmonfingerprint`: audio passes unchanged; at its end the fingerprint is posted.
//!
//! At the end of a stream (EOS, or the next stream's start) it posts an element message with the
//! structure `onmon-fingerprint` (`fingerprint`: the wire bytes as a buffer; `duration-ms`;
//! `bytes`) and a tag message with the tag `onmon-fingerprint` (the same in base64). After a
//! flushing seek, and where rate or channels change, it begins anew. A gap becomes silence, so that
//! what follows keeps its place; after one of more than ten minutes, or a jump back, it begins anew
//! too.

use gstreamer as gst;
use gstreamer::{glib, prelude::*};

glib::wrapper! {
    pub struct Element(ObjectSubclass<imp::Element>)
        @extends gstreamer_audio::AudioFilter, gstreamer_base::BaseTransform, gst::Element,
        gst::Object;
}

/// Makes the element known to GStreamer.
pub fn register(plugin: &gst::Plugin) -> Result<(), glib::BoolError> {
    let name = "onmonfingerprint";
    gst::Element::register(Some(plugin), name, gst::Rank::NONE, Element::static_type())
}

mod imp {
    use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

    use gstreamer as gst;
    use gstreamer::subclass::ElementMetadata;
    use gstreamer::{EventView, FlowError, FlowSuccess, LoggableError, glib, prelude::*};
    use gstreamer_audio::subclass::prelude::*;
    use gstreamer_audio::{AudioCapsBuilder, AudioFormat, AudioInfo, AudioLayout};
    use gstreamer_base::subclass::BaseTransformMode;
    use onmon_core::{CHANNELS_MAX, PcmSample, RATES_HZ};
    use onmon_recording::Recording;

    use crate::tag;

    /// Timestamps are rounded, so a gap of fewer milliseconds is none.
    const GAP_MS_MIN: u64 = 40;

    /// After a gap of ten minutes, what follows is something else.
    const GAP_MS_MAX: u64 = 600_000;

    /// Frames of silence that are pushed at a time.
    const SILENT_FRAMES: usize = 4_096;

    /// The element's state.
    #[derive(Default)]
    pub struct Element(Mutex<Option<Passing>>);

    struct Passing {
        info: AudioInfo,
        recording: Recording,
        /// When the first frame was to be heard.
        since: Option<gst::ClockTime>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Element {
        const NAME: &'static str = "OnmonFingerprint";
        type Type = super::Element;
        type ParentType = gstreamer_audio::AudioFilter;
    }

    impl ObjectImpl for Element {}
    impl GstObjectImpl for Element {}

    impl ElementImpl for Element {
        fn metadata() -> Option<&'static ElementMetadata> {
            static METADATA: LazyLock<ElementMetadata> = LazyLock::new(|| {
                ElementMetadata::new(
                    "onmon fingerprint",
                    "Filter/Analyzer/Audio",
                    "Passes audio through and posts its fingerprint at the end",
                    "onmon",
                )
            });
            Some(&*METADATA)
        }
    }

    impl AudioFilterImpl for Element {
        fn allowed_caps() -> &'static gst::Caps {
            static CAPS: LazyLock<gst::Caps> = LazyLock::new(|| {
                AudioCapsBuilder::new()
                    .format_list([
                        gstreamer_audio::AUDIO_FORMAT_S16,
                        gstreamer_audio::AUDIO_FORMAT_F32,
                    ])
                    .layout(AudioLayout::Interleaved)
                    .rate_list(RATES_HZ.map(|hz| hz as i32))
                    .channels_range(1..=i32::from(CHANNELS_MAX))
                    .build()
            });
            &CAPS
        }

        fn setup(&self, info: &AudioInfo) -> Result<(), LoggableError> {
            let refused = |error| gst::loggable_error!(gst::CAT_RUST, "{error}");
            let recording = Recording::new(info.rate(), info.channels()).map_err(refused)?;
            *self.passing() = Some(Passing { info: info.clone(), recording, since: None });
            Ok(())
        }
    }

    impl BaseTransformImpl for Element {
        const MODE: BaseTransformMode = BaseTransformMode::AlwaysInPlace;
        const PASSTHROUGH_ON_SAME_CAPS: bool = true;
        const TRANSFORM_IP_ON_PASSTHROUGH: bool = true;

        fn transform_ip_passthrough(&self, buffer: &gst::Buffer) -> Result<FlowSuccess, FlowError> {
            self.passing().as_mut().ok_or(FlowError::NotNegotiated)?.hear(buffer)?;
            Ok(FlowSuccess::Ok)
        }

        fn sink_event(&self, event: gst::Event) -> bool {
            match event.view() {
                EventView::Eos(_) | EventView::StreamStart(_) => self.post(),
                EventView::FlushStop(_) => self.passing().iter_mut().for_each(Passing::restart),
                _ => {}
            }
            self.parent_sink_event(event)
        }

        fn stop(&self) -> Result<(), gst::ErrorMessage> {
            *self.passing() = None;
            Ok(())
        }
    }

    impl Element {
        /// Nothing that this lock guards is left half done by a panic but a recording's codes.
        fn passing(&self) -> MutexGuard<'_, Option<Passing>> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }

        /// Posts the fingerprint of what has passed, if it is long enough for one, and begins anew.
        fn post(&self) {
            let print = self.passing().as_mut().and_then(|passing| {
                let print = passing.recording.query().ok();
                let duration_ms = passing.recording.duration_ms();
                passing.restart();
                Some((print?, duration_ms))
            });
            let Some((wire, duration_ms)) = print else { return };
            let tags = tag::list(&wire);
            let structure = gst::Structure::builder("onmon-fingerprint")
                .field("bytes", u32::try_from(wire.len()).unwrap_or(u32::MAX))
                .field("duration-ms", duration_ms)
                .field("fingerprint", gst::Buffer::from_slice(wire))
                .build();
            let element = self.obj();
            for message in [
                gst::message::Element::builder(structure).src(&*element).build(),
                gst::message::Tag::builder(tags).src(&*element).build(),
            ] {
                // Without a bus there is nobody to tell.
                let _ = element.post_message(message);
            }
        }
    }

    impl Passing {
        /// Takes whole frames. What comes after twelve hours is let pass unheard.
        fn push<T: PcmSample>(&mut self, samples: &[T]) {
            if !self.recording.is_full() {
                self.recording.push(samples);
            }
        }

        /// Takes silence in place of what was lost, so that what follows keeps its place.
        fn push_silence(&mut self, frames: u64) {
            let channels = usize::from(self.recording.channels());
            let silence = vec![0_i16; SILENT_FRAMES * channels];
            let mut rest = frames;
            while rest > 0 {
                let now = rest.min(SILENT_FRAMES as u64);
                self.push(silence.get(..now as usize * channels).unwrap_or_default());
                rest -= now;
            }
        }

        fn restart(&mut self) {
            self.recording.restart();
            self.since = None;
        }

        fn hear(&mut self, buffer: &gst::Buffer) -> Result<(), FlowError> {
            if let Some(time) = buffer.pts() {
                self.keep_place(time);
            }
            let bytes = buffer.map_readable().map_err(|_| FlowError::Error)?;
            // Copied into aligned memory, of the native order that the caps ask for.
            match self.info.format() {
                AudioFormat::S16le | AudioFormat::S16be => {
                    let samples: Vec<i16> = bytes
                        .as_chunks()
                        .0
                        .iter()
                        .map(|sample| i16::from_ne_bytes(*sample))
                        .collect();
                    self.push(&samples);
                }
                AudioFormat::F32le | AudioFormat::F32be => {
                    let samples: Vec<f32> = bytes
                        .as_chunks()
                        .0
                        .iter()
                        .map(|sample| f32::from_ne_bytes(*sample))
                        .collect();
                    self.push(&samples);
                }
                _ => return Err(FlowError::NotNegotiated),
            }
            Ok(())
        }

        /// Fills a gap before what is to be heard at `time`, or begins anew after too long a one.
        fn keep_place(&mut self, time: gst::ClockTime) {
            let since = *self.since.get_or_insert(time);
            let heard_ms = self.recording.frames() * 1_000 / u64::from(self.recording.rate_hz());
            let expected = since + gst::ClockTime::from_mseconds(heard_ms);
            if time + gst::ClockTime::from_mseconds(GAP_MS_MIN) < expected {
                self.restart();
                self.since = Some(time);
                return;
            }
            let gap_ms = time.saturating_sub(expected).mseconds();
            if gap_ms > GAP_MS_MAX {
                self.restart();
                self.since = Some(time);
            } else if gap_ms >= GAP_MS_MIN {
                self.push_silence(gap_ms * u64::from(self.recording.rate_hz()) / 1_000);
            }
        }
    }
}
