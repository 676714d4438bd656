//! The fields of the file, in order, and what each may hold.

/// Whose form of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Society {
    /// 19 fields.
    Jasrac,
    /// 21 fields.
    Nextone,
}

impl Society {
    /// The fields, in order.
    pub fn columns(self) -> &'static [Column] {
        match self {
            Society::Jasrac => &COLUMNS[..19],
            Society::Nextone => &COLUMNS,
        }
    }
}

/// A field.
#[derive(Debug)]
pub struct Column {
    /// Its name, as the societies print it.
    pub name: &'static str,
    /// The most bytes it may have, in Shift_JIS.
    pub bytes_max: usize,
    /// Whether it must be given.
    pub needed: bool,
    /// What it may hold.
    pub form: ColumnForm,
}

/// What a field may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnForm {
    /// `0-9 a-z A-Z @ - . _` and space.
    Key,
    /// Three digits.
    Branch,
    /// One of these characters.
    OneOf(&'static str),
    /// A digit, a digit or capital letter, six digits.
    JasracCode,
    /// A letter and eight digits.
    NextoneCode,
    /// Printable text.
    Text,
    /// Digits, with or without two behind a point.
    Price,
    /// Digits.
    Count,
}

/// Places of the fields that are spoken of, from 0.
pub mod place {
    /// The content's key.
    pub const KEY: usize = 0;
    /// Whether it is a medley,
    pub const MEDLEY: usize = 3;
    /// and which part of it.
    pub const MEDLEY_BRANCH: usize = 4;
    /// The work's title.
    pub const TITLE: usize = 7;
    /// Names.
    pub const LYRICISTS: usize = 9;
    /// Names.
    pub const COMPOSERS: usize = 11;
    /// Of the recording.
    pub const ARTIST: usize = 13;
    /// Without tax.
    pub const PRICE: usize = 14;
    /// Music, words or both.
    pub const IVT: usize = 15;
    /// Original or translated words.
    pub const WORDS: usize = 16;
    /// How many requests.
    pub const COUNT: usize = 18;
}

const fn column(name: &'static str, bytes_max: usize, needed: bool, form: ColumnForm) -> Column {
    Column { name, bytes_max, needed, form }
}

use ColumnForm::{Branch, Count, JasracCode, Key, NextoneCode, OneOf, Price, Text};

const COLUMNS: [Column; 21] = [
    column("インターフェイスキーコード", 30, true, Key),
    column("コンテンツ区分", 1, false, OneOf("Q")),
    column("コンテンツ枝番", 3, true, Branch),
    column("メドレー区分", 1, false, OneOf("M")),
    column("メドレー枝番", 3, true, Branch),
    column("コレクトコード", 1, false, OneOf("1XY")),
    column("ＪＡＳＲＡＣ作品コード", 8, false, JasracCode),
    column("原題名", 200, true, Text),
    column("副題・邦題", 60, false, Text),
    column("作詞者名", 250, false, Text),
    column("補作詞・訳詞者名", 60, false, Text),
    column("作曲者名", 250, false, Text),
    column("編曲者名", 60, false, Text),
    column("アーティスト名", 100, false, Text),
    column("情報料（税抜）", 13, true, Price),
    column("ＩＶＴ区分", 1, true, OneOf("IVT")),
    column("原詞訳詞区分", 1, false, OneOf("123")),
    column("ＩＬ区分", 1, false, OneOf("IL")),
    column("リクエスト回数", 9, true, Count),
    column("管理団体名", 100, true, Text),
    column("作品番号", 9, false, NextoneCode),
];

impl ColumnForm {
    /// Whether a text that is not empty is of this form.
    pub fn fits(self, text: &str) -> bool {
        let bytes = text.as_bytes();
        let digits = |bytes: &[u8]| !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit);
        match self {
            Key => bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"@-._ ".contains(b)),
            Branch => bytes.len() == 3 && digits(bytes),
            OneOf(known) => bytes.len() == 1 && known.as_bytes().contains(&bytes[0]),
            JasracCode => {
                bytes.len() == 8
                    && bytes[0].is_ascii_digit()
                    && (bytes[1].is_ascii_digit() || bytes[1].is_ascii_uppercase())
                    && digits(&bytes[2..])
            }
            NextoneCode => bytes.len() == 9 && bytes[0].is_ascii_uppercase() && digits(&bytes[1..]),
            Text => crate::cell::printable(text) == text,
            Price => match text.split_once('.') {
                Some((whole, rest)) => {
                    digits(whole.as_bytes()) && rest.len() == 2 && digits(rest.as_bytes())
                }
                None => digits(bytes),
            },
            Count => digits(bytes),
        }
    }

    /// What it may hold, in words.
    pub fn words(self) -> &'static str {
        match self {
            Key => "letters, digits and @ - . _ or space",
            Branch => "three digits",
            OneOf("Q") => "empty or Q",
            OneOf("M") => "empty or M",
            OneOf("1XY") => "empty, 1, X or Y",
            OneOf("IVT") => "I, V or T",
            OneOf("123") => "empty, 1, 2 or 3",
            OneOf(_) => "empty, I or L",
            JasracCode => "a digit, a digit or capital letter and six digits, without hyphens",
            NextoneCode => "a letter and eight digits",
            Text => {
                "printable text, without spaces at its ends, doubled spaces or a first = + - or @"
            }
            Price => "digits, with or without a point and two digits",
            Count => "digits",
        }
    }
}
