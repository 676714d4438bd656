//! The GStreamer plugin `onmon`, with one element: `onmonfingerprint` (`element.rs`).
//!
//! ```text
//! gst-launch-1.0 -m -t uridecodebin uri=file:///song.mp3 ! audioconvert ! audioresample
//!     ! onmonfingerprint ! fakesink
//! ```

#![expect(missing_docs, reason = "what `plugin_define` makes is for GStreamer, not for people")]

mod element;
mod tag;

use gstreamer as gst;
use gstreamer::glib;

gst::plugin_define!(
    onmon,
    env!("CARGO_PKG_DESCRIPTION"),
    init,
    env!("CARGO_PKG_VERSION"),
    "MIT/X11",
    "onmon",
    "onmon",
    env!("CARGO_PKG_REPOSITORY")
);

fn init(plugin: &gst::Plugin) -> Result<(), glib::BoolError> {
    tag::register();
    element::register(plugin)
}
