// What each error code says to people. A code is part of the interface: it is never renamed.

/** One sentence per language: what happened and what to do. */
interface Sentence {
  en: string;
  ja: string;
}

/** Languages that messages come in. */
export type Locale = keyof Sentence;

/** Every error code with its sentences. */
export const MESSAGES = {
  // The caller
  aborted: {
    en: 'Cancelled.',
    ja: '中止しました。',
  },
  unsupported_input: {
    en: 'Pass a File, a Blob, an ArrayBuffer or a typed array.',
    ja: 'File、Blob、ArrayBuffer、または型付き配列を渡してください。',
  },
  unsupported_rate: {
    en: 'Audio of this sampling rate is not taken: convert it to 44,100 or 48,000 Hz.',
    ja: 'このサンプルレートには対応していません。44,100 Hz または 48,000 Hz に変換してください。',
  },
  unsupported_channels: {
    en: 'Audio with this many channels is not taken: mix it down.',
    ja: 'このチャンネル数には対応していません。チャンネルをまとめてください。',
  },
  no_web_audio: {
    en: 'Listening needs a browser with AudioWorklet, on a page served over https.',
    ja: '聴き取りには AudioWorklet に対応したブラウザーと、https で配信されたページが必要です。',
  },
  no_microphone: {
    en: 'The microphone cannot be used: allow it for this page, and see that one is connected.',
    ja: 'マイクを使用できません。このページでのマイクの使用を許可し、接続を確認してください。',
  },
  no_server: {
    en: 'Say which server to ask: identify(fingerprint, { server }).',
    ja: '問い合わせ先のサーバーを指定してください: identify(fingerprint, { server })。',
  },
  no_account: {
    en: 'Sign in first: this is asked for in the name of an account.',
    ja: '先にサインインしてください。アカウントの名前で要求されます。',
  },
  nothing_to_buy: {
    en: 'Nothing that could be bought is loaded.',
    ja: '購入できるものが読み込まれていません。',
  },
  not_bought: {
    en: 'Not bought; nothing of it was kept.',
    ja: '購入されませんでした。データは保存していません。',
  },
  remote_file: {
    en: 'Files from the cloud cannot be checked on this device: choose one that is on it.',
    ja: 'クラウド上のファイルはこの端末で確認できません。端末内のファイルを選んでください。',
  },
  invalid_model: {
    en: 'These numbers are no model of servers: times and rates are above 0, loads below 1.',
    ja: 'サーバーのモデルとして正しくない値です。時間と頻度は正の数、負荷は 1 未満にしてください。',
  },
  no_plan: {
    en: 'No number of servers keeps this promise: allow more time, or more parts.',
    ja: 'この条件を満たすサーバー構成はありません。待ち時間か分割数を増やしてください。',
  },
  // The file
  empty_file: {
    en: 'The file is empty.',
    ja: 'ファイルが空です。',
  },
  unsupported_container: {
    en: 'This is not an audio file of a kind that can be read: convert it to MP3, FLAC, Ogg or WAV.',
    ja: '読み取れる種類の音声ファイルではありません。MP3、FLAC、Ogg、WAV のいずれかに変換してください。',
  },
  unsupported_codec: {
    en: 'The audio in this file is coded in a way that cannot be read: convert it to MP3 or FLAC.',
    ja: 'この音声の符号化方式は読み取れません。MP3 または FLAC に変換してください。',
  },
  no_audio_track: {
    en: 'The file holds no audio track.',
    ja: 'ファイルに音声トラックがありません。',
  },
  truncated: {
    en: 'Cut off before its end: get it again.',
    ja: '途中で切れています。取得し直してください。',
  },
  damaged: {
    en: 'The audio file is damaged: get it again.',
    ja: '音声ファイルが壊れています。取得し直してください。',
  },
  rate_changed: {
    en: 'The sampling rate changes in the middle of the file: cut it there.',
    ja: 'ファイルの途中でサンプルレートが変わっています。そこで分割してください。',
  },
  budget_spent: {
    en: 'This file costs more work than its size can justify: it is damaged or hostile.',
    ja: '大きさに見合わない処理を要するファイルです。壊れているか、悪意のあるものです。',
  },
  decoder_broke: {
    en: 'The decoder broke on this file, which is probably damaged; please report it.',
    ja: 'このファイルの復号に失敗しました。壊れている可能性があります。ご報告ください。',
  },
  too_long: {
    en: 'The file is too long: cut it into recordings.',
    ja: 'ファイルが長すぎます。録音ごとに分割してください。',
  },
  too_short: {
    en: 'Too little audio: at least 2.4 seconds are needed.',
    ja: '音声が短すぎます。少なくとも 2.4 秒必要です。',
  },
  read_failed: {
    en: 'The file could not be read; was it moved or changed? Choose it again.',
    ja: 'ファイルを読み取れません。移動または変更された可能性があります。もう一度選んでください。',
  },
  // Tags and releases
  tag_malformed: {
    en: 'This is not a tag of onmon, or it was changed.',
    ja: 'onmon のタグではないか、書き換えられています。',
  },
  tag_wrong_kind: {
    en: 'Signed, but something else than was asked for.',
    ja: '署名されていますが、別の種類のデータです。',
  },
  tag_unknown_key: {
    en: "The tag was signed with a key that is not known here: fetch the server's keys again.",
    ja: 'タグの署名鍵が不明です。サーバーの鍵を取得し直してください。',
  },
  tag_bad_signature: {
    en: 'The signature of the tag does not fit: its content was changed.',
    ja: 'タグの署名が一致しません。内容が書き換えられています。',
  },
  tag_too_new: {
    en: 'This tag has a newer layout: update onmon.',
    ja: 'タグの形式が新しすぎます。onmon を更新してください。',
  },
  tag_invalid_field: {
    en: 'A field of the tag is empty, too long or out of range.',
    ja: 'タグの項目が空か、長すぎるか、範囲外です。',
  },
  tag_no_place: {
    en: 'This kind of file carries no tag: convert it to MP3, FLAC, Ogg, M4A or WAV.',
    ja: 'この種類のファイルにはタグを入れられません。MP3、FLAC、Ogg、M4A、WAV のいずれかに変換してください。',
  },
  tag_unsupported: {
    en: 'This file is written in a way that cannot be tagged: convert it once.',
    ja: 'このファイルの書き方ではタグを入れられません。一度変換してください。',
  },
  tag_too_large: {
    en: 'The file is as long as its container allows: convert it to FLAC or M4A.',
    ja: 'ファイルが形式の上限に達しています。FLAC または M4A に変換してください。',
  },
  not_shared: {
    en: 'This file was not shared with onmon, or its tag was lost: identify it by its sound.',
    ja: 'onmon で共有されたファイルではないか、タグが失われています。音で識別してください。',
  },
  not_permitted: {
    en: 'No permit was given for this music: it cannot be shared.',
    ja: 'この音楽は許諾されていません。共有できません。',
  },
  tag_other_file: {
    en: 'The tag in this file is genuine and belongs to other audio.',
    ja: 'このファイルのタグは本物ですが、別の音声のものです。',
  },
  release_other_file: {
    en: 'This release is for another file.',
    ja: 'この解除は別のファイルのものです。',
  },
  release_other_account: {
    en: 'This release is for another account.',
    ja: 'この解除は別のアカウントのものです。',
  },
  release_expired: {
    en: 'This release has expired: fetch it again, which costs nothing.',
    ja: '解除の期限が切れています。取得し直してください（料金はかかりません）。',
  },
  keys_malformed: {
    en: 'These are not public keys.',
    ja: '公開鍵として読み取れません。',
  },
  keys_bad_id: {
    en: 'A public key has an id that is not 32 hexadecimal digits.',
    ja: '公開鍵の ID が 16 進 32 桁ではありません。',
  },
  keys_bad_key: {
    en: 'A public key is none.',
    ja: '公開鍵が正しくありません。',
  },
  keys_twice: {
    en: 'Two different public keys have one id.',
    ja: '同じ ID の公開鍵が二つあります。',
  },
  keys_too_many: {
    en: 'These are more public keys than any server has.',
    ja: '公開鍵が多すぎます。',
  },
  // Sealed content
  invalid_key: {
    en: 'A content key has 16 bytes, and its id as well.',
    ja: 'コンテンツ鍵とその ID は 16 バイトです。',
  },
  crypto_unavailable: {
    en: 'The page has no WebCrypto: serve it over https.',
    ja: 'WebCrypto を利用できません。ページを https で配信してください。',
  },
  seal_not_sealed: {
    en: 'This is not sealed content.',
    ja: '暗号化されたコンテンツではありません。',
  },
  seal_record_size: {
    en: 'The sealed content has records of a size that is not opened.',
    ja: 'レコードの長さが対応範囲外です。',
  },
  seal_altered: {
    en: 'The sealed content was altered, or the key is another one.',
    ja: 'コンテンツが書き換えられているか、鍵が違います。',
  },
  seal_truncated: {
    en: 'The sealed content is cut off: get it again.',
    ja: 'コンテンツが途中で切れています。取得し直してください。',
  },
  seal_trailing: {
    en: 'There is more behind the end of the sealed content.',
    ja: 'コンテンツの末尾の後に余分なデータがあります。',
  },
  seal_padded: {
    en: 'The sealed content has padding, so it opens only from the start.',
    ja: '詰め物のあるコンテンツは先頭からしか復号できません。',
  },
  // A browser's own player
  eme_unavailable: {
    en: 'This browser cannot play encrypted content here: serve the page over https, or use another browser.',
    ja: 'この環境では暗号化されたコンテンツを再生できません。ページを https で配信するか、別のブラウザーをお使いください。',
  },
  eme_failed: {
    en: "The browser's player did not take the licence: load the content again.",
    ja: 'プレーヤーがライセンスを受け付けませんでした。コンテンツを読み込み直してください。',
  },
  // Bytes that should be a fingerprint
  not_a_fingerprint: {
    en: 'These bytes are not an onmon fingerprint; nothing was sent.',
    ja: 'onmon のフィンガープリントではありません。何も送信していません。',
  },
  unknown_wire_version: {
    en: 'This fingerprint has a newer layout: update onmon.',
    ja: 'フィンガープリントの形式が新しすぎます。onmon を更新してください。',
  },
  unknown_profile: {
    en: 'This fingerprint was made with another profile: update onmon.',
    ja: '別のプロファイルで作られたフィンガープリントです。onmon を更新してください。',
  },
  unknown_encoder: {
    en: 'This fingerprint was made with another encoder: update onmon.',
    ja: '別のエンコーダーで作られたフィンガープリントです。onmon を更新してください。',
  },
  checksum_mismatch: {
    en: 'The fingerprint was changed on the way: its checksum is wrong.',
    ja: 'フィンガープリントが途中で変化しています（チェックサム不一致）。',
  },
  malformed: {
    en: 'The fingerprint does not parse.',
    ja: 'フィンガープリントを解釈できません。',
  },
  buffer_too_small: {
    en: 'The fingerprint does not fit into its buffer; please report it.',
    ja: 'フィンガープリントがバッファーに収まりません。ご報告ください。',
  },
  invalid_fingerprint: {
    en: 'The fingerprint breaks its own rules.',
    ja: 'フィンガープリントの内容が規則に反しています。',
  },
  // The page
  wasm_unavailable: {
    en: 'The WebAssembly file could not be loaded: serve onmon_wasm_bg.wasm beside the script, or pass prepare({ wasm }).',
    ja: 'WebAssembly ファイルを読み込めません。onmon_wasm_bg.wasm を配信するか、prepare({ wasm }) で渡してください。',
  },
  csp_blocked: {
    en: "The page's Content-Security-Policy forbids WebAssembly: add 'wasm-unsafe-eval' to script-src.",
    ja: "Content-Security-Policy が WebAssembly を禁止しています。script-src に 'wasm-unsafe-eval' を加えてください。",
  },
  worker_failed: {
    en: "The worker could not be started: serve worker.js from the page's own origin (worker-src 'self'), or pass prepare({ worker }).",
    ja: "ワーカーを開始できません。worker.js を同じオリジンから配信するか（worker-src 'self'）、prepare({ worker }) で渡してください。",
  },
  worklet_failed: {
    en: "The audio worklet could not be loaded: serve live-worklet.js from the page's own origin, or pass listen(source, { worklet }).",
    ja: 'オーディオワークレットを読み込めません。live-worklet.js を同じオリジンから配信するか、listen(source, { worklet }) で渡してください。',
  },
  internal: {
    en: 'A fault inside onmon; please report it.',
    ja: 'onmon 内部の不具合です。ご報告ください。',
  },
  // The server
  network: {
    en: 'The server could not be reached.',
    ja: 'サーバーに接続できません。',
  },
  server_refused: {
    en: 'The server did not accept the request.',
    ja: 'サーバーがリクエストを受け付けませんでした。',
  },
  server_failed: {
    en: 'The server failed; try again later.',
    ja: 'サーバーでエラーが発生しました。しばらくしてからもう一度お試しください。',
  },
  bad_answer: {
    en: 'The server answered with something that is not an onmon decision.',
    ja: 'サーバーの応答を onmon の判定として解釈できません。',
  },
} as const satisfies Record<string, Sentence>;
