//! Any bytes of a serial line: no panic, and what is read is written again as the same message.
#![no_main]

use libfuzzer_sys::fuzz_target;
use onmon_link::{FRAME_BYTES_MAX, decode, encode};

fuzz_target!(|frame: &[u8]| {
    let Ok(message) = decode(frame) else { return };
    let mut room = [0; FRAME_BYTES_MAX];
    let again = encode(&message, &mut room).expect("the room suffices");
    let (end, again) = again.split_last().expect("closed");
    assert_eq!((*end, decode(again)), (0, Ok(message)));
});
