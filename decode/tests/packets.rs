//! Packets for somebody else's decoder: all of them, in order, and said what they are.

mod support;

use std::io::Cursor;
use std::ops::ControlFlow;

use onmon_decode::{DecodeError, Hooks, Packets, essence};
use support::{clock, corpus};

fn open(bytes: Vec<u8>) -> Result<Packets, DecodeError> {
    Packets::open(Box::new(Cursor::new(bytes)), None, clock)
}

#[test]
fn a_track_is_told_in_the_registrys_words_and_read_whole() {
    for (name, codec, description) in [
        ("aac.m4a", "mp4a.40.2", 2..=5),
        ("opus.webm", "opus", 19..=19),
        ("opus.opus", "opus", 19..=19),
    ] {
        let bytes = corpus(name);
        let mut packets = open(bytes.clone()).unwrap();
        let told = packets.codec().clone();
        assert_eq!(told.name, codec, "{name}");
        assert!((1..=2).contains(&told.channels) && told.rate_hz >= 8_000, "{name}: {told:?}");
        assert!(description.contains(&told.description.unwrap().len()), "{name}");
        let (mut read, mut last, mut count) = (0, i64::MIN, 0);
        while let Some(packet) = packets.read_packet().unwrap() {
            assert!(packet.at_us > last, "{name}: packet {count}");
            (read, last, count) = (read + packet.data.len() as u64, packet.at_us, count + 1);
        }
        let mut hooks = Hooks { clock, on_progress: &mut |_| ControlFlow::Continue(()) };
        let essence = essence::digest(Box::new(Cursor::new(bytes)), None, &mut hooks).unwrap();
        assert_eq!((count, read), (essence.packets, essence.audio_bytes), "{name}");
        assert!(last > 1_000_000, "{name}: the last packet is at {last} us");
        assert!(packets.share() > 0.9, "{name}: {}", packets.share());
    }
}

#[test]
fn what_has_no_name_there_is_refused_as_such() {
    for (name, code) in [("vorbis.ogg", "unsupported_codec"), ("pcm.wav", "unsupported_codec")] {
        assert_eq!(open(corpus(name)).err().unwrap().code(), code, "{name}");
    }
    assert_eq!(open(vec![]).err().unwrap().code(), "empty_file");
}

#[test]
fn a_file_that_is_cut_off_anywhere_ends_or_is_refused() {
    for name in ["aac.m4a", "opus.webm", "opus.opus"] {
        let whole = corpus(name);
        for len in (0..whole.len()).step_by(whole.len() / 61 + 1) {
            let Ok(mut packets) = open(whole[..len].to_vec()) else { continue };
            let mut count = 0;
            while let Ok(Some(_)) = packets.read_packet() {
                count += 1;
                assert!(count < 10_000, "{name} of {len} bytes");
            }
        }
    }
}
