//! Tags in real files of every container: read back by us and by lofty, nothing else touched, taken
//! out again without a trace.

use std::fs;
use std::io::Cursor;

use ed25519_dalek::{Signer, SigningKey};
use lofty::config::{ParseOptions, ParsingMode, WriteOptions};
use lofty::file::{AudioFile, FileType, TaggedFileExt};
use lofty::picture::{MimeType, Picture, PictureType};
use lofty::probe::Probe;
use lofty::tag::{ItemKey, ItemValue, TagExt, TagItem, TagType};
use onmon_tag::files::{self, FileError};
use onmon_tag::{KeyId, TAG_MEDIA_TYPE, TAG_VERSION, Tag};
use proptest::prelude::*;

/// Files of decode's corpus that can carry a tag, with the kind of tag that lofty knows there.
const CORPUS: [(&str, TagType); 13] = [
    ("constant.mp3", TagType::Id3v2),
    ("untagged.mp3", TagType::Id3v2),
    ("variable.mp3", TagType::Id3v2),
    ("raw.aac", TagType::Id3v2),
    ("pcm.wav", TagType::Id3v2),
    ("pcm.aiff", TagType::Id3v2),
    ("native.flac", TagType::VorbisComments),
    ("vorbis.ogg", TagType::VorbisComments),
    ("opus.opus", TagType::VorbisComments),
    ("aac.m4a", TagType::Mp4Ilst),
    ("alac.m4a", TagType::Mp4Ilst),
    ("faststart.m4a", TagType::Mp4Ilst),
    ("fragmented.m4a", TagType::Mp4Ilst),
];

fn corpus(name: &str) -> Vec<u8> {
    let room = env!("CARGO_MANIFEST_DIR");
    let ours = format!("{room}/tests/corpus/{name}");
    fs::read(ours).or_else(|_| fs::read(format!("{room}/../decode/tests/corpus/{name}"))).unwrap()
}

fn signed(permit_id: &str) -> Vec<u8> {
    let tag = Tag {
        version: TAG_VERSION,
        recording_id: "rec_1".into(),
        permit_id: permit_id.into(),
        essence: [0xff; 32],
        fingerprint: [0xe7; 32],
        issued_ms: 1_795_000_000_000,
        encoder: 2,
    };
    let key = SigningKey::from_bytes(&[7; 32]);
    tag.sign(KeyId([0xff; 16]), |bytes| key.sign(bytes).to_bytes()).unwrap()
}

fn lofty_tag(bytes: &[u8], kind: TagType) -> Option<lofty::tag::Tag> {
    let options = ParseOptions::new().read_properties(false).parsing_mode(ParsingMode::Strict);
    let probe = Probe::new(Cursor::new(bytes)).options(options).guess_file_type().unwrap();
    let mut file = probe.read().unwrap();
    file.remove(kind)
}

/// The file with a title, lyrics, a comment of nobody's and a picture of `picture_bytes`, by lofty.
fn adorned(bytes: &[u8], kind: TagType, picture_bytes: usize) -> Vec<u8> {
    let mut tag = lofty_tag(bytes, kind).unwrap_or_else(|| lofty::tag::Tag::new(kind));
    for (key, text) in [
        (ItemKey::TrackTitle, "題名"),
        (ItemKey::UnsyncLyrics, "one line\nanother"),
        (ItemKey::Comment, "kept"),
    ] {
        assert!(tag.insert(TagItem::new(key, ItemValue::Text(text.into()))));
    }
    let pixels = (0..picture_bytes).map(|i| if i % 3 == 0 { 0xff } else { (i * 7) as u8 });
    tag.push_picture(
        Picture::unchecked(pixels.collect())
            .pic_type(PictureType::CoverFront)
            .mime_type(MimeType::Png)
            .build(),
    );
    let mut out = Cursor::new(bytes.to_vec());
    tag.save_to(&mut out, WriteOptions::default()).unwrap();
    out.into_inner()
}

/// The file with a title, by lofty's own form of Vorbis comments.
fn titled(name: &str, bytes: &[u8]) -> Vec<u8> {
    use lofty::{flac::FlacFile, ogg::OpusFile, ogg::VorbisFile};
    let mut out = Cursor::new(bytes.to_vec());
    let options = ParseOptions::new();
    macro_rules! edit {
        ($kind:ty, $comments:ident) => {{
            let mut file = <$kind>::read_from(&mut out, options).unwrap();
            file.$comments().insert("TITLE".into(), "題名".into());
            out.set_position(0);
            file.save_to(&mut out, WriteOptions::default()).unwrap();
        }};
    }
    match name.rsplit_once('.').unwrap().1 {
        "flac" => {
            let mut file = FlacFile::read_from(&mut out, options).unwrap();
            let mut comments = file.vorbis_comments().unwrap().clone();
            comments.insert("TITLE".into(), "題名".into());
            file.set_vorbis_comments(comments);
            out.set_position(0);
            file.save_to(&mut out, WriteOptions::default()).unwrap();
        }
        "ogg" => edit!(VorbisFile, vorbis_comments_mut),
        _ => edit!(OpusFile, vorbis_comments_mut),
    }
    out.into_inner()
}

/// What has to hold for any file that takes a tag.
fn holds(original: &[u8], about: &str) -> Vec<u8> {
    assert_eq!(files::read(Cursor::new(original)).unwrap(), None, "{about}");
    let (first, second) = (signed("prm_1"), signed("prm_a_longer_one_than_before"));
    let tagged = files::write(original, &first).unwrap();
    assert_eq!(files::read(Cursor::new(&tagged)).unwrap().as_ref(), Some(&first), "{about}");
    assert!(files::write(&tagged, &first).unwrap() == tagged, "{about}: written twice");
    assert!(files::plan_write(Cursor::new(&tagged), &first).unwrap().is_empty(), "{about}");
    assert!(tagged.len() - original.len() < 1_200, "{about}: {}", tagged.len() - original.len());

    let replaced = files::write(&tagged, &second).unwrap();
    assert!(replaced == files::write(original, &second).unwrap(), "{about}: replaced");
    assert_eq!(files::read(Cursor::new(&replaced)).unwrap(), Some(second), "{about}");
    assert!(files::strip(&replaced).unwrap() == original, "{about}: stripped");
    assert!(files::plan_strip(Cursor::new(original)).unwrap().is_empty(), "{about}");
    tagged
}

#[test]
fn every_container_takes_a_tag_and_gives_the_old_file_back() {
    for (name, _) in CORPUS {
        holds(&corpus(name), name);
    }
    // Lofty does not read it.
    holds(&corpus("flac.oga"), "flac.oga");
}

#[test]
fn pictures_and_lyrics_and_all_else_stay() {
    for (name, kind) in CORPUS {
        // The large one makes the comments of an Ogg file longer than a page.
        for picture_bytes in [300, 70_000, 200_000] {
            let about = format!("{name} with a picture of {picture_bytes} bytes");
            let original = adorned(&corpus(name), kind, picture_bytes);
            let tagged = holds(&original, &about);
            let (before, after) =
                (lofty_tag(&original, kind).unwrap(), lofty_tag(&tagged, kind).unwrap());
            assert_eq!(before.pictures().len(), 1, "{about}");
            assert_eq!(before.pictures(), after.pictures(), "{about}");
            assert_eq!(after.get_string(ItemKey::TrackTitle), Some("題名"), "{about}");
            for item in before.items() {
                assert!(after.items().any(|kept| kept == item), "{about}: {item:?}");
            }
        }
    }
}

#[test]
fn lofty_finds_the_tag_where_it_should_be() {
    use lofty::flac::FlacFile;
    use lofty::id3::v2::{Frame, GeneralEncapsulatedObject};
    use lofty::mp4::{AtomData, AtomIdent, Mp4File};
    use lofty::mpeg::MpegFile;
    let (tag, options) = (signed("prm_1"), ParseOptions::new());

    let file = files::write(&corpus("constant.mp3"), &tag).unwrap();
    let mp3 = MpegFile::read_from(&mut Cursor::new(file), options).unwrap();
    let frames = mp3.id3v2().unwrap();
    let found = frames.into_iter().find_map(|frame| match frame {
        Frame::Binary(binary) if frame.id_str() == "GEOB" => {
            Some(GeneralEncapsulatedObject::parse(&binary.data, binary.flags()).unwrap())
        }
        _ => None,
    });
    let object = found.unwrap();
    assert_eq!(object.mime_type.as_deref(), Some(TAG_MEDIA_TYPE));
    assert_eq!(object.data, tag);

    let file = files::write(&corpus("native.flac"), &tag).unwrap();
    let flac = FlacFile::read_from(&mut Cursor::new(file), options).unwrap();
    let value = flac.vorbis_comments().unwrap().get("ONMON_TAG").unwrap().to_owned();
    assert_eq!(value.len(), tag.len().div_ceil(3) * 4 - (3 - tag.len() % 3) % 3);

    let file = files::write(&corpus("aac.m4a"), &tag).unwrap();
    let mp4 = Mp4File::read_from(&mut Cursor::new(file), options).unwrap();
    let ident = AtomIdent::Freeform { mean: "org.onmon".into(), name: "tag".into() };
    let atom = mp4.ilst().unwrap().get(&ident).unwrap();
    let data: Vec<_> = atom.data().collect();
    assert!(matches!(data.as_slice(), [AtomData::Unknown { data, .. }] if *data == tag));
}

#[test]
fn lofty_and_we_can_write_the_same_file_by_turns() {
    for (name, kind) in CORPUS {
        let tag = signed("prm_1");
        let tagged = files::write(&corpus(name), &tag).unwrap();
        // A tag editor comes by and writes all that it has read.
        let edited = match kind {
            // Lofty's general form of a tag leaves out fields that it does not know.
            TagType::VorbisComments => titled(name, &tagged),
            _ => adorned(&tagged, kind, 500),
        };
        assert_eq!(files::read(Cursor::new(&edited)).unwrap().as_ref(), Some(&tag), "{name}");
        let stripped = files::strip(&edited).unwrap();
        assert_eq!(files::read(Cursor::new(&stripped)).unwrap(), None, "{name}");
        let after = lofty_tag(&stripped, kind).unwrap();
        assert_eq!(after.get_string(ItemKey::TrackTitle), Some("題名"), "{name}");
    }
}

/// An ID3v2 tag in front of some audio: flags as given, frames as they are.
fn id3(version: u8, flags: u8, body: &[u8]) -> Vec<u8> {
    let size = [21, 14, 7, 0].map(|shift| (body.len() >> shift) as u8 & 0x7f);
    let mut file = [b"ID3", [version, 0, flags].as_slice(), &size, body].concat();
    if flags & 0x10 != 0 {
        file.extend([b"3DI", [version, 0, flags].as_slice(), &size].concat());
    }
    file.extend(corpus("untagged.mp3"));
    file
}

#[test]
fn every_kind_of_id3_keeps_its_kind() {
    let v22 = b"TT2\0\0\x03\0ab".to_vec();
    let v23 = b"TIT2\0\0\0\x03\0\0\0ab".to_vec();
    let zeros = vec![0; 100];
    let padded = [v23.as_slice(), &zeros].concat();
    // A byte ff before a 0 was given another 0; the size counts without it.
    let unsynchronised = b"PRIV\0\0\0\x04\0\0a\0\xff\0\x01TIT2\0\0\0\x03\0\0\0ab\0\0\0".to_vec();
    let extended_23 = [b"\0\0\0\x06\0\0\0\0\0\0".as_slice(), &v23].concat();
    let extended_24 = [b"\0\0\0\x06\x01\0".as_slice(), &v23].concat();
    // iTunes: 200 bytes as 00 00 00 c8, which 2.4 does not allow.
    let itunes = [b"PRIV\0\0\0\xc8\0\0a\0".as_slice(), &[7; 198], &v23, &[0; 20]].concat();
    for (about, file) in [
        ("2.2", id3(2, 0, &v22)),
        ("2.2, unsynchronised", id3(2, 0x80, &v22)),
        ("2.3", id3(3, 0, &v23)),
        ("2.3 with padding", id3(3, 0, &padded)),
        ("2.3, unsynchronised", id3(3, 0x80, &unsynchronised)),
        ("2.3, extended header", id3(3, 0x40, &extended_23)),
        ("2.4", id3(4, 0, &v23)),
        ("2.4, unsynchronised", id3(4, 0x80, &v23)),
        ("2.4, extended header", id3(4, 0x40, &extended_24)),
        ("2.4 with a footer", id3(4, 0x10, &v23)),
        ("2.4 as iTunes writes it", id3(4, 0, &itunes)),
        ("only padding", id3(3, 0, &zeros)),
        ("broken frames", id3(3, 0, b"TIT2\xff\xff\xff\xff\0\0nothing")),
    ] {
        holds(&file, about);
    }
    let unknown = files::write(&id3(5, 0, &v23), &signed("prm_1")).unwrap_err();
    assert_eq!(unknown.code(), "tag_unsupported");
    let summed = id3(3, 0x40, b"\0\0\0\x0a\x80\0\0\0\0\0\x12\x34\x56\x78");
    assert_eq!(files::write(&summed, &signed("prm_1")).unwrap_err().code(), "tag_unsupported");
}

#[test]
fn files_without_a_place_are_left_alone() {
    for bytes in
        [Vec::new(), b"%PDF-1.7 and some more".to_vec(), corpus("opus.webm"), vec![0; 10_000]]
    {
        let Err(error) = files::write(&bytes, &signed("prm_1")) else {
            panic!("{:?}", &bytes[..4])
        };
        assert!(matches!(error, FileError::UnknownContainer), "{error}");
    }
    let junk = files::write(&corpus("pcm.wav"), b"not a tag").unwrap_err();
    assert_eq!(junk.code(), "tag_malformed");
    let mut streamed = corpus("pcm.wav");
    streamed[4..8].fill(0xff);
    assert_eq!(files::write(&streamed, &signed("prm_1")).unwrap_err().code(), "tag_unsupported");
}

#[test]
fn chunks_of_audio_are_found_where_they_were_moved() {
    for name in ["aac.m4a", "alac.m4a"] {
        let original = corpus(name);
        let tagged = files::write(&original, &signed("prm_1")).unwrap();
        let starts = |file: &[u8]| -> Vec<Vec<u8>> {
            let at = file.windows(4).position(|four| four == b"stco").unwrap();
            let number =
                |at: usize| u32::from_be_bytes(file[at..at + 4].try_into().unwrap()) as usize;
            let count = number(at + 8);
            (0..count).map(|i| file[number(at + 12 + 4 * i)..][..16].to_vec()).collect()
        };
        assert_eq!(starts(&original), starts(&tagged), "{name}");
    }
}

#[test]
fn on_disk_a_file_changes_as_a_whole() {
    let folder = tempfile::tempdir().unwrap();
    for (name, _) in CORPUS {
        let path = folder.path().join(name);
        fs::write(&path, corpus(name)).unwrap();
        files::write_path(&path, &signed("prm_1")).unwrap();
        assert_eq!(files::read_path(&path).unwrap(), Some(signed("prm_1")), "{name}");
        assert!(files::strip_path(&path).unwrap());
        assert!(!files::strip_path(&path).unwrap());
        assert!(fs::read(&path).unwrap() == corpus(name), "{name}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), CORPUS.len());
    let broken = folder.path().join("broken.flac");
    fs::write(&broken, &corpus("native.flac")[..30]).unwrap();
    files::write_path(&broken, &signed("prm_1")).unwrap_err();
    assert_eq!(fs::read(&broken).unwrap(), &corpus("native.flac")[..30]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), CORPUS.len() + 1);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]
    #[test]
    fn damaged_files_are_refused_or_taken_but_never_break_anything(
        file in 0..CORPUS.len(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        near_start in any::<bool>(),
        len in any::<prop::sample::Index>(),
        cut in any::<bool>(),
    ) {
        let mut bytes = corpus(CORPUS[file].0);
        if file % 2 == 0 {
            bytes = files::write(&bytes, &signed("prm_1")).unwrap();
        }
        for (at, to) in changes {
            let at = at.index(if near_start { 300 } else { bytes.len() });
            bytes[at] = to;
        }
        if cut {
            bytes.truncate(len.index(bytes.len()));
        }
        let tag = signed("prm_2");
        if let Ok(tagged) = files::write(&bytes, &tag) {
            prop_assert!(files::read(Cursor::new(&tagged)).unwrap().is_some());
            if let Ok(stripped) = files::strip(&tagged) {
                // Without its ID3 tag a damaged MP3 may not look like one any more.
                let read = files::read(Cursor::new(&stripped)).ok().flatten();
                prop_assert_eq!(read, None);
            }
        }
        let _ = (files::read(Cursor::new(&bytes)), files::strip(&bytes));
    }
}

/// Which containers lofty takes for what they are, tagged: a check that magic bytes did not move.
#[test]
fn tagged_files_are_still_what_they_were() {
    for (name, _) in CORPUS {
        let kind = |bytes: &[u8]| -> Option<FileType> {
            Probe::new(Cursor::new(bytes)).guess_file_type().unwrap().file_type()
        };
        let original = corpus(name);
        let tagged = files::write(&original, &signed("prm_1")).unwrap();
        assert_eq!(kind(&original), kind(&tagged), "{name}");
    }
}
