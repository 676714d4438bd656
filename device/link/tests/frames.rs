//! Every message comes back from its frame; what a line does to frames is seen.

use onmon_link::{
    CODES_MAX, Codes, Ended, FRAME_BYTES_MAX, FrameError, Lost, Message, Playing, Started, decode,
    encode,
};
use proptest::prelude::*;

/// The longest of every kind.
fn longest() -> [Message; 5] {
    let most = u32::MAX;
    let codes = heapless::Vec::from_slice(&[0xff; CODES_MAX]).unwrap();
    [
        Message::Started(Started {
            profile: u8::MAX,
            encoder: u16::MAX,
            rate_hz: most,
            channels: u16::MAX,
        }),
        Message::Codes(Codes { first: most, codes }),
        Message::Lost(Lost { frames: most, overruns: most, resumes: most }),
        Message::Playing(Playing {
            recording: most,
            code: most,
            deviations_hundredths: most,
            bit_error_permille: u16::MAX,
        }),
        Message::Ended(Ended { codes: most, overruns: most, lost_frames: u64::MAX }),
    ]
}

#[test]
fn the_longest_of_every_kind_fits_and_comes_back() {
    let mut lengths = vec![];
    for message in longest() {
        let mut room = [0; FRAME_BYTES_MAX];
        let frame = encode(&message, &mut room).unwrap();
        let (end, frame) = frame.split_last().unwrap();
        assert_eq!(*end, 0);
        assert!(!frame.contains(&0));
        lengths.push(frame.len() + 1);
        assert_eq!(decode(frame), Ok(message));
    }
    assert_eq!(lengths.iter().max(), Some(&FRAME_BYTES_MAX));
}

#[test]
fn a_room_that_is_too_small_is_an_error() {
    for bytes in 0..FRAME_BYTES_MAX {
        let mut room = vec![0; bytes];
        assert_eq!(encode(&longest()[1], &mut room), Err(FrameError::RoomTooSmall), "{bytes}");
    }
}

#[test]
fn a_changed_or_a_lost_byte_is_damage() {
    for message in longest() {
        let mut room = [0; FRAME_BYTES_MAX];
        let frame = encode(&message, &mut room).unwrap();
        let frame = &frame[..frame.len() - 1];
        for at in 0..frame.len() {
            let mut without = frame.to_vec();
            without.remove(at);
            assert_ne!(decode(&without), Ok(message.clone()), "without byte {at}");
            for bit in 0..8 {
                let mut changed = frame.to_vec();
                changed[at] ^= 1 << bit;
                assert_eq!(decode(&changed), Err(FrameError::Damaged), "bit {bit} of {at}");
            }
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_safe_to_read(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let _ = decode(&bytes);
    }

    #[test]
    fn any_codes_come_back(first: u32, codes in prop::collection::vec(any::<u8>(), 0..=CODES_MAX)) {
        let codes = heapless::Vec::from_slice(&codes).unwrap();
        let message = Message::Codes(Codes { first, codes });
        let mut room = [0; FRAME_BYTES_MAX];
        let frame = encode(&message, &mut room).unwrap().split_last().unwrap().1;
        prop_assert_eq!(decode(frame), Ok(message));
    }
}
