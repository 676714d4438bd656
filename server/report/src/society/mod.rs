//! The tab-separated file that Japanese societies take, a month and a licence at a time.
//!
//! Public sources, as far as they go:
//! - JASRAC, "利用曲目報告について" (J-TAKT, J-NOTES): tab-separated text, named by the licence number
//!   and the year and month (`J123456789` and 2013-12: `J123456789201312.txt`), the number of lines
//!   is entered at the upload, the result of the check comes by mail the next day.
//! - JASRAC, "インターネットや携帯電話等 音楽利用の手引き" ver. 26.2, pages 19 to 26, as public programs
//!   cite it: 19 fields, Shift_JIS, CRLF behind each record, no line of titles, a missing tab is an
//!   error; lengths count bytes of Shift_JIS; several names are separated by `／`.
//! - eLicense (now NexTone), "インタラクティブ配信における利用状況報告ファイルフォーマット", 2013-04:
//!   the same fields, and as the 20th and 21st the society and its work code.
//!
//! | no. | field | bytes | what we write |
//! |---|---|---|---|
//! | 1 | インターフェイスキーコード, key of the content | 30 | the recording's id; a sum of it, if it does not fit |
//! | 2 | コンテンツ区分, `Q`: several songs in one content | 1 | empty |
//! | 3 | コンテンツ枝番 | 3 | `000` |
//! | 4 | メドレー区分, `M`: a medley | 1 | `M` if the recording has several works |
//! | 5 | メドレー枝番 | 3 | `000`; of a medley `001`, `002` … |
//! | 6 | コレクトコード | 1 | empty |
//! | 7 | ＪＡＳＲＡＣ作品コード | 8 | without hyphens; empty if not known |
//! | 8 | 原題名 | 200 | the work's title, or else the recording's |
//! | 9 | 副題・邦題 | 60 | empty |
//! | 10 | 作詞者名 | 250 | lyricists; 10 or 12 must be given |
//! | 11 | 補作詞・訳詞者名 | 60 | empty |
//! | 12 | 作曲者名 | 250 | composers |
//! | 13 | 編曲者名 | 60 | empty |
//! | 14 | アーティスト名 | 100 | the artist, cut to fit |
//! | 15 | 情報料（税抜） | 13 | the price in yen; with a fraction, two digits behind a point |
//! | 16 | ＩＶＴ区分, `I` music, `V` with words, `T` words | 1 | `V` if there is a lyricist, else `I` |
//! | 17 | 原詞訳詞区分, needed with `V` and `T` | 1 | `3`, not known |
//! | 18 | ＩＬ区分 | 1 | empty |
//! | 19 | リクエスト回数 | 9 | uses less returns |
//! | 20 | 管理団体名 (NexTone alone) | 100 | the organisation |
//! | 21 | 作品番号 (NexTone alone) | 9 | NexTone's code |
//!
//! **Not settled by public sources**, and to be confirmed with the societies before the first
//! upload: fractions in field 15, the meaning given here to fields 2 to 5, the lengths of fields 20
//! and 21.

mod check;
mod columns;
mod row;
mod write;

pub use check::{Fault, SocietyCheck, check};
pub use columns::Society;
pub use write::{Encoding, SocietyFile, SocietyReport, Substituted, write};
