//! Inputs that break careless code: no panic, a typed error, and codes that depend on nothing else.

use onmon_core::{
    Channels, Extractor, Fingerprint, FormatError, QueryBuilder, RATES_HZ, SampleRate, wire,
};
use onmon_tests::vectors::{codes_of, load};
use proptest::prelude::*;

#[test]
fn nan_counts_as_silence_and_infinity_as_full_scale() {
    for rate_hz in RATES_HZ {
        let n = rate_hz as usize * 2;
        let silence = codes_of(&vec![0.0_f32; n], rate_hz, 1).unwrap();
        assert!(silence.windows(2).all(|pair| pair[0] == pair[1]), "{rate_hz}: silence changes");
        assert_eq!(codes_of(&vec![f32::NAN; n], rate_hz, 1).unwrap(), silence);
        let loud: Vec<f32> = (0..n).map(|i| if i / 50 % 2 == 0 { 1.0 } else { -1.0 }).collect();
        let infinite: Vec<f32> = loud.iter().map(|sample| sample * f32::INFINITY).collect();
        let expected = codes_of(&loud, rate_hz, 1).unwrap();
        assert_eq!(codes_of(&infinite, rate_hz, 1).unwrap(), expected);
    }
}

#[test]
fn formats_that_are_not_audio_are_refused() {
    for hz in [0, 1, 7_999, 8_001, 12_000, 44_101, u32::MAX] {
        assert_eq!(SampleRate::from_hz(hz), Err(FormatError::Rate { hz }));
    }
    for count in [0, 33, u16::MAX] {
        assert_eq!(Channels::new(count), Err(FormatError::Channels { count }));
    }
}

#[test]
fn every_cut_and_every_flipped_byte_of_a_message_is_refused() {
    for vector in load().unwrap() {
        let good = &vector.fingerprint;
        assert!(wire::decode(good).is_ok());
        for at in 0..good.len() {
            assert!(wire::decode(&good[..at]).is_err(), "{} cut at {at}", vector.name);
            let mut bad = good.clone();
            bad[at] ^= 1;
            assert!(wire::decode(&bad).is_err(), "{} byte {at}", vector.name);
        }
        assert!(wire::decode(&[good.as_slice(), &[0]].concat()).is_err());
    }
}

/// A message whose checksum is right, whatever the rest is.
fn sealed(mut body: Vec<u8>) -> Vec<u8> {
    let mut message = b"ONM\x01".to_vec();
    message.append(&mut body);
    let sum = crc32(&message);
    message.extend(sum.to_le_bytes());
    message
}

/// CRC-32/ISO-HDLC, bit by bit: the twin of the table-driven one in core.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| {
            if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 }
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_bytes_are_safe_to_decode(bytes: Vec<u8>) {
        let _ = wire::decode(&bytes);
    }

    #[test]
    fn what_decodes_behind_a_right_checksum_is_whole(body: Vec<u8>) {
        if let Ok(fingerprint) = wire::decode(&sealed(body)) {
            let codes: usize = fingerprint.samples().map(|sample| sample.codes.len()).sum();
            prop_assert_eq!(codes, fingerprint.codes().len());
            prop_assert!(codes >= onmon_core::CODES_MIN);
        }
    }

    #[test]
    fn what_is_built_survives_the_wire(
        samples in prop::collection::vec((0_u32..400, 1_usize..=300), 1..=6),
        duration_ms: u32,
        seed: u8,
    ) {
        let mut builder = QueryBuilder::new(duration_ms);
        let mut end = 0;
        for (gap, len) in samples {
            let codes: Vec<u8> = (0..len).map(|i| seed.wrapping_mul(i as u8)).collect();
            builder.push(end + gap, &codes).unwrap();
            end += gap + len as u32;
        }
        let Ok(fingerprint) = builder.finish() else {
            prop_assert!(builder.len() < onmon_core::CODES_MIN);
            return Ok(());
        };
        let mut bytes = [0; wire::QUERY_BYTES_MAX];
        let len = wire::encode(&fingerprint, &mut bytes).unwrap();
        prop_assert!(len <= 1_900);
        prop_assert_eq!(wire::decode(&bytes[..len]).unwrap(), fingerprint.clone());
        for short in 0..len {
            prop_assert!(wire::encode(&fingerprint, &mut bytes[..short]).is_err());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn any_pcm_in_any_cut_gives_the_same_codes(
        pcm in prop::collection::vec(any::<f32>(), 14_000..40_000),
        cuts in prop::collection::vec(1_usize..5_000, 1..20),
        channels in 1_u16..4,
    ) {
        let whole = codes_of(&pcm, 8_000, channels).unwrap();
        let rate = SampleRate::from_hz(8_000).unwrap();
        let mut extractor = Extractor::new(rate, Channels::new(channels).unwrap());
        let (mut codes, mut rest) = (vec![], pcm.as_slice());
        for cut in cuts {
            let (block, after) = rest.split_at(cut.min(rest.len()));
            extractor.push(block, |code| codes.push(code));
            rest = after;
        }
        extractor.push(rest, |code| codes.push(code));
        prop_assert_eq!(codes, whole);
    }
}

#[test]
fn references_up_to_twelve_hours_and_no_longer() {
    let codes = vec![1_u8; 12 * 3_600 * 20 + 1];
    assert!(Fingerprint::reference(0, &codes).is_err());
    let fingerprint = Fingerprint::reference(u32::MAX, &codes[1..]).unwrap();
    let mut bytes = vec![0; wire::encoded_len_max(codes.len())];
    let len = wire::encode(&fingerprint, &mut bytes).unwrap();
    assert_eq!(wire::decode(&bytes[..len]).unwrap(), fingerprint);
    assert!(Fingerprint::reference(0, &codes[..19]).is_err());
}
