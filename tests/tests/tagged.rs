//! A tag in a file changes neither its essence nor its fingerprint, whatever the container.

use std::io::Cursor;
use std::ops::ControlFlow;
use std::sync::LazyLock;
use std::time::Instant;
use std::{fs, path::Path};

use onmon_decode::{Hooks, Media, essence};
use onmon_tag::{KeyId, TAG_VERSION, Tag, files};

const FILES: [&str; 14] = [
    "decode/tests/corpus/constant.mp3",
    "decode/tests/corpus/untagged.mp3",
    "decode/tests/corpus/variable.mp3",
    "decode/tests/corpus/raw.aac",
    "decode/tests/corpus/pcm.wav",
    "decode/tests/corpus/pcm.aiff",
    "decode/tests/corpus/native.flac",
    "decode/tests/corpus/vorbis.ogg",
    "decode/tests/corpus/opus.opus",
    "decode/tests/corpus/aac.m4a",
    "decode/tests/corpus/alac.m4a",
    "tag/tests/corpus/faststart.m4a",
    "tag/tests/corpus/fragmented.m4a",
    "tag/tests/corpus/flac.oga",
];

fn clock() -> f64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed().as_secs_f64() * 1_000.0
}

fn essence_of(bytes: &[u8]) -> essence::Essence {
    let mut hooks = Hooks { clock, on_progress: &mut |_| ControlFlow::Continue(()) };
    essence::digest(Box::new(Cursor::new(bytes.to_vec())), None, &mut hooks).unwrap()
}

/// The codes of a file; of one that is too short for any, what is said of that.
fn codes_of(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let mut hooks = Hooks { clock, on_progress: &mut |_| ControlFlow::Continue(()) };
    let media = Media::open(Box::new(Cursor::new(bytes.to_vec())), None).unwrap();
    media.reference(&mut hooks).map(|made| made.wire).map_err(|error| error.to_string())
}

/// Signed by nobody: what is written into files is not checked for that.
fn tag(recording_id: &str) -> Vec<u8> {
    let tag = Tag {
        version: TAG_VERSION,
        recording_id: recording_id.into(),
        permit_id: "prm_1".into(),
        essence: [1; 32],
        fingerprint: [2; 32],
        issued_ms: 3,
        encoder: 2,
    };
    tag.sign(KeyId([4; 16]), |_| [0xff; 64]).unwrap()
}

#[test]
fn a_tag_changes_neither_essence_nor_codes() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for name in FILES {
        let file = fs::read(root.join(name)).unwrap();
        let (essence, codes) = (essence_of(&file), codes_of(&file));
        // Tags of several lengths, so that the audio moves by odd distances too.
        for len in [1, 2, 3, 30, 31, 200] {
            let tagged = files::write(&file, &tag(&"r".repeat(len))).unwrap();
            assert_eq!(essence_of(&tagged), essence, "{name}");
            assert_eq!(codes_of(&tagged), codes, "{name}");
            assert!(files::strip(&tagged).unwrap() == file, "{name}");
        }
    }
}
