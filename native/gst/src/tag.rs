//! The tag `onmon-fingerprint`: a fingerprint's wire bytes, in base64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gstreamer as gst;
use gstreamer::tags::CustomTag;
use gstreamer::{Tag, TagFlag, TagList, TagMergeMode};

enum Fingerprint {}

impl<'a> Tag<'a> for Fingerprint {
    type TagType = &'a str;

    const TAG_NAME: &'static gst::glib::GStr = gst::glib::gstr!("onmon-fingerprint");
}

impl CustomTag<'_> for Fingerprint {
    const FLAG: TagFlag = TagFlag::Meta;
    const NICK: &'static gst::glib::GStr = gst::glib::gstr!("onmon fingerprint");
    const DESCRIPTION: &'static gst::glib::GStr = gst::glib::gstr!(
        "Query fingerprint of the recording, as sent to an onmon server, in base64"
    );
}

/// Makes the tag known to GStreamer.
pub fn register() {
    gst::tags::register::<Fingerprint>();
}

/// The list with this tag alone.
pub fn list(wire: &[u8]) -> TagList {
    let mut list = TagList::new();
    list.make_mut().add::<Fingerprint>(&STANDARD.encode(wire).as_str(), TagMergeMode::Replace);
    list
}
