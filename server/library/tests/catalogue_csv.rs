//! Catalogues, good and bad.

use onmon_library::catalogue_csv::{BadLine, Catalogue, CatalogueCsvError, read};
use onmon_library::{Recording, Rights};

fn good(csv: &str) -> Catalogue {
    read(csv.as_bytes()).unwrap()
}

fn bad_lines(csv: &[u8]) -> Vec<BadLine> {
    match read(csv) {
        Err(CatalogueCsvError::BadLines(lines)) => lines.0,
        other => panic!("{other:?}"),
    }
}

#[test]
fn all_columns() {
    let catalogue = good(
        "file,recording_id,isrc,iswc,title,artist,rights\n\
         music/01 Aurora.flac,aurora,jp-b01-23-45678,T0345246801,\"Aurora, live\",\
         \"The \"\"X\"\"\",not_entrusted\n",
    );
    let want = Recording {
        recording_id: "aurora".into(),
        title: Some("Aurora, live".into()),
        artist: Some("The \"X\"".into()),
        isrc: Some("JPB012345678".parse().unwrap()),
        iswc: Some("T-034.524.680-1".parse().unwrap()),
        rights: Rights::NotEntrusted,
    };
    assert_eq!(catalogue.get("01 Aurora"), Some(&want));
    assert_eq!(catalogue.len(), 1);
}

#[test]
fn byte_order_mark_crlf_any_order_any_case_and_blank_lines() {
    let catalogue = good("\u{feff}Rights, FILE\r\nentrusted, a.mp3\r\n\r\nNot-Entrusted ,b\r\n");
    assert_eq!(catalogue.get("a").unwrap().rights, Rights::Entrusted);
    assert_eq!(catalogue.get("b").unwrap().rights, Rights::NotEntrusted);
    assert_eq!(catalogue.len(), 2);
}

#[test]
fn file_and_id_stand_in_for_each_other() {
    let catalogue = good("file,recording_id\na.mp3,\n,b\n");
    assert_eq!(catalogue.get("a").unwrap().recording_id, "a");
    assert_eq!(catalogue.get("b").unwrap().recording_id, "b");
}

#[test]
fn no_word_on_rights_is_unknown_where_there_is_a_column_for_it() {
    assert_eq!(good("file,rights\na,\n").get("a").unwrap().rights, Rights::Unknown);
    assert_eq!(good("file\na\n").get("a").unwrap().rights, Rights::Entrusted);
}

#[test]
fn every_bad_line_is_reported_with_its_number_and_reason() {
    let lines = bad_lines(
        b"file,recording_id,isrc,iswc,rights\n\
          a,1,,,entrusted\n\
          b,2,XX,,entrusted\n\
          c,3,,T-034.524.680-2,entrusted\n\
          d,4,,,free\n\
          e,5,,\n\
          ,,,,entrusted\n\
          a,6,,,entrusted\n\
          g,1,,,entrusted\n\
          \xff,7,,,entrusted\n\
          \"h\n2\",8,,,entrusted\n\
          i,9,YY,,entrusted\n",
    );
    let found: Vec<_> = lines.iter().map(|bad| (bad.line, bad.reason.as_str())).collect();
    let starts = [
        (3, "isrc `XX`: an ISRC has 12 characters"),
        (4, "iswc `T-034.524.680-2`: the ISWC's check digit should be 1"),
        (5, "rights `free`: rights must be one of"),
        (6, "4 fields, the header names 5"),
        (7, "neither `file` nor `recording_id` is given"),
        (8, "file `a` is on line 2 already"),
        (9, "recording_id `1` is on line 2 already"),
        (10, "not UTF-8"),
        (13, "isrc `YY`"),
    ];
    assert_eq!(found.len(), starts.len(), "{found:#?}");
    for ((line, reason), (want_line, want)) in found.iter().zip(starts) {
        assert_eq!(*line, want_line, "{found:#?}");
        assert!(reason.starts_with(want), "{reason}");
    }
}

#[test]
fn the_message_lists_the_lines() {
    let error = read("file,isrc\na,X\nb,Y\n".as_bytes()).unwrap_err().to_string();
    assert!(error.starts_with("2 bad line(s)"), "{error}");
    assert!(error.contains("line 2: isrc `X`") && error.contains("line 3: isrc `Y`"), "{error}");
}

#[test]
fn bad_headers() {
    let unknown = read("file,right\na,b\n".as_bytes()).unwrap_err();
    assert!(matches!(&unknown, CatalogueCsvError::UnknownColumn { column } if column == "right"));
    let message = unknown.to_string();
    assert!(message.contains("recording_id, isrc, iswc, title, artist, rights"), "{message}");
    let twice = read("file,title,FILE\n".as_bytes()).unwrap_err();
    assert!(matches!(twice, CatalogueCsvError::RepeatedColumn { .. }), "{twice:?}");
    let no_key = read("title\na\n".as_bytes()).unwrap_err();
    assert!(matches!(no_key, CatalogueCsvError::NoKeyColumn), "{no_key:?}");
    for empty in ["", "\u{feff}", "\n\n"] {
        let error = read(empty.as_bytes()).unwrap_err();
        assert!(matches!(error, CatalogueCsvError::NoHeader), "{empty:?}: {error:?}");
    }
    assert_eq!(bad_lines(b"file,\xff\na,b\n")[0].line, 1);
}

#[test]
fn only_a_header_is_an_empty_catalogue() {
    assert!(good("file\n").is_empty());
}

#[test]
fn a_reader_that_fails() {
    struct Broken;
    impl std::io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("gone"))
        }
    }
    assert!(matches!(read(Broken), Err(CatalogueCsvError::Read(_))));
}
