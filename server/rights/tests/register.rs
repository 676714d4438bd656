//! The register, on both engines.

use onmon_rights::register::{
    Change, Organisation, Recording, Work, forget_recording, organisations, put_organisation,
    recording_ids, recordings, replace_recording, replace_work, works,
};
use onmon_rights::*;
use onmon_store::testing::{ENGINES, Scratch};
use onmon_store::{Engine, Store};

async fn open(engine: Engine) -> (Scratch, Store) {
    let scratch = Scratch::new(engine).await;
    let store = Store::open(&scratch.location, &[SCHEMA]).await.unwrap();
    (scratch, store)
}

fn claim(claimant: &str, share_ppm: u32) -> Claim {
    Claim {
        claimant: claimant.parse().unwrap(),
        party: "00014107338".parse().ok(),
        share_ppm,
        form: "download;stream".parse().unwrap(),
        territory: "world;-KP".parse().unwrap(),
        period: Period::new("2026-04-01".parse().ok(), None).unwrap(),
        state: ClaimState::Entrusted,
    }
}

fn work(work_id: &str, claims: Vec<Claim>) -> Work {
    Work {
        work_id: work_id.into(),
        iswc: "T-034.524.680-1".parse().ok(),
        jasrac_code: "0A0-0000-0".parse().ok(),
        nextone_code: "N00000001".parse().ok(),
        title: Some("夜明け".into()),
        composers: vec!["山田 花子".into(), "O'Neil, \"Jo\"".into()],
        lyricists: vec![],
        claims,
    }
}

fn recording(id: &str, work_ids: &[&str]) -> Recording {
    Recording {
        recording_id: id.into(),
        isrcs: vec!["JPB012345678".parse().unwrap(), "JPA012345678".parse().unwrap()],
        work_ids: work_ids.iter().map(|id| (*id).to_owned()).collect(),
        master: vec![claim("LABEL", WHOLE_PPM)],
    }
}

#[tokio::test]
async fn what_is_put_is_found_again_and_the_same_again_changes_nothing() {
    for engine in ENGINES {
        let (_scratch, store) = open(engine).await;
        let mut c = store.begin().await.unwrap();
        let half = vec![claim("NEXTONE", 400_000), claim("JASRAC", 600_000)];
        assert_eq!(replace_work(&mut c, &work("w", half.clone())).await.unwrap(), Change::New);
        assert_eq!(replace_work(&mut c, &work("v", vec![])).await.unwrap(), Change::New);
        let r = recording("r", &["w", "v", "w"]);
        assert_eq!(replace_recording(&mut c, &r).await.unwrap(), Change::New);
        let bare = Recording { recording_id: "bare".into(), ..Recording::default() };
        assert_eq!(replace_recording(&mut c, &bare).await.unwrap(), Change::New);

        let turned: Vec<Claim> = half.iter().rev().cloned().collect();
        assert_eq!(replace_work(&mut c, &work("w", turned.clone())).await.unwrap(), Change::Same);
        let mut turned_r = recording("r", &["v", "w"]);
        turned_r.isrcs.reverse();
        assert_eq!(replace_recording(&mut c, &turned_r).await.unwrap(), Change::Same);
        c.commit().await.unwrap();

        let mut c = store.readers().acquire().await.unwrap();
        assert_eq!(works(&mut c, &["w", "nobody"]).await.unwrap(), [work("w", turned.clone())]);
        let kept = Recording { isrcs: turned_r.isrcs.clone(), ..recording("r", &["v", "w"]) };
        assert_eq!(recordings(&mut c, &["r", "x", "bare"]).await.unwrap(), [bare, kept]);
        assert_eq!(recording_ids(&mut c).await.unwrap(), ["bare", "r"]);
        let of_work =
            |id: &str, claims: &[Claim]| WorkClaims { work_id: id.into(), claims: claims.to_vec() };
        let all = RecordingClaims {
            recording_id: "r".into(),
            works: vec![of_work("v", &[]), of_work("w", &turned)],
            master: vec![claim("LABEL", WHOLE_PPM)],
        };
        let found = claims_of(&mut c, &["x", "r", "bare"]).await.unwrap();
        let unknown = RecordingClaims::unknown;
        assert_eq!(found, [unknown("x"), all, unknown("bare")], "{engine:?}");
    }
}

#[tokio::test]
async fn replacing_leaves_nothing_of_what_was_there() {
    for engine in ENGINES {
        let (_scratch, store) = open(engine).await;
        let mut c = store.begin().await.unwrap();
        replace_work(&mut c, &work("w", vec![claim("A", 1), claim("B", 2)])).await.unwrap();
        replace_work(&mut c, &work("v", vec![])).await.unwrap();
        replace_recording(&mut c, &recording("r", &["w", "v"])).await.unwrap();
        replace_recording(&mut c, &recording("s", &["w"])).await.unwrap();

        let bare = Work { work_id: "w".into(), claims: vec![claim("C", 3)], ..Work::default() };
        assert_eq!(replace_work(&mut c, &bare).await.unwrap(), Change::Changed);
        assert_eq!(works(&mut c, &["w"]).await.unwrap(), std::slice::from_ref(&bare));
        let renamed = Work { title: Some("T".into()), ..bare.clone() };
        assert_eq!(replace_work(&mut c, &renamed).await.unwrap(), Change::Changed);
        assert_eq!(works(&mut c, &["w"]).await.unwrap(), [renamed]);
        // A work's claims are those of every recording of it.
        for found in claims_of(&mut c, &["r", "s"]).await.unwrap() {
            let work = found.works.iter().find(|work| work.work_id == "w").unwrap();
            assert_eq!(work.claims, bare.claims);
        }
        let less = Recording { master: vec![], isrcs: vec![], ..recording("r", &["v"]) };
        assert_eq!(replace_recording(&mut c, &less).await.unwrap(), Change::Changed);
        assert_eq!(recordings(&mut c, &["r"]).await.unwrap(), [less]);
        assert!(forget_recording(&mut c, "r").await.unwrap());
        assert!(!forget_recording(&mut c, "r").await.unwrap());
        assert_eq!(recording_ids(&mut c).await.unwrap(), ["s"]);
        assert_eq!(claims_of(&mut c, &["r"]).await.unwrap(), [RecordingClaims::unknown("r")]);
    }
}

#[tokio::test]
async fn what_no_file_could_hold_is_refused() {
    for engine in ENGINES {
        let (_scratch, store) = open(engine).await;
        let mut c = store.begin().await.unwrap();
        let long = "x".repeat(257);
        let cases = [
            (work("", vec![]), "text_not_allowed"),
            (work(&long, vec![]), "text_not_allowed"),
            (work("a\nb", vec![]), "text_not_allowed"),
            (work(" a", vec![]), "text_not_allowed"),
            (Work { composers: vec!["a;b".into()], ..work("w", vec![]) }, "text_not_allowed"),
            (work("w", vec![claim("A", 0)]), "share_out_of_range"),
            (work("w", vec![claim("A", WHOLE_PPM + 1)]), "share_out_of_range"),
            (work("w", vec![claim("A", 5), claim("B", 5), claim("A", 5)]), "duplicate_claim"),
        ];
        for (work, code) in cases {
            let error = replace_work(&mut c, &work).await.unwrap_err();
            assert_eq!(error.code(), code, "{work:?}");
        }
        assert_eq!(works(&mut c, &["w"]).await.unwrap(), []);
        let error = replace_recording(&mut c, &recording("r", &["nobody"])).await.unwrap_err();
        assert_eq!(error.code(), "unknown_work", "{engine:?} {error:?}");
    }
}

#[tokio::test]
async fn many_recordings_are_asked_for_at_once() {
    for engine in ENGINES {
        let (_scratch, store) = open(engine).await;
        let mut c = store.begin().await.unwrap();
        let ids: Vec<String> = (0..450).map(|i| format!("r{i:03}")).collect();
        for id in &ids {
            replace_work(&mut c, &work(id, vec![claim("A", WHOLE_PPM)])).await.unwrap();
            replace_recording(&mut c, &recording(id, &[id])).await.unwrap();
        }
        let asked: Vec<&str> = ids.iter().rev().map(String::as_str).collect();
        let found = claims_of(&mut c, &asked).await.unwrap();
        assert_eq!(found.len(), 450);
        for (claims, id) in found.iter().zip(&asked) {
            assert_eq!((&*claims.recording_id, &*claims.works[0].work_id), (*id, *id));
        }
        assert_eq!(recordings(&mut c, &asked).await.unwrap().len(), 450);
        assert_eq!(claims_of(&mut c, &[]).await.unwrap(), []);
    }
}

#[tokio::test]
async fn organisations_are_put_and_listed() {
    for engine in ENGINES {
        let (_scratch, store) = open(engine).await;
        let mut c = store.begin().await.unwrap();
        let of = |id: &str, name: &str| Organisation {
            id: id.parse().unwrap(),
            name: name.into(),
            dpid: Some("PADPIDA2008120501W".into()),
            ipi: None,
        };
        for organisation in [of("NEXTONE", "NexTone"), of("JASRAC", "?"), of("JASRAC", "JASRAC")] {
            put_organisation(&mut c, &organisation).await.unwrap();
        }
        let found = organisations(&mut c).await.unwrap();
        assert_eq!(found, [of("JASRAC", "JASRAC"), of("NEXTONE", "NexTone")]);
    }
}
