// What a guard says to people beside the sentences of errors.

const WORDS = {
  checking: { en: 'Checking the rights…', ja: '権利を確認しています…' },
  permitted: { en: 'May be shared under the licence.', ja: '許諾のもとで共有できます。' },
  unregistered: {
    en: 'No entrusted right was found.',
    ja: '委託された権利は見つかりませんでした。',
  },
  no_sound: { en: 'There is no music to check in it.', ja: '確認すべき音楽は含まれていません。' },
  choose: { en: 'Choose files, or drop them here', ja: 'ファイルを選ぶか、ここにドロップしてください' },
  remove: { en: 'Remove', ja: '削除' },
  required: { en: 'Choose a file that may be shared.', ja: '共有できるファイルを選んでください。' },
  refused: { en: 'Not taken', ja: '受け付けません' },
} as const;

/** Names of the sentences. */
export type Word = keyof typeof WORDS;

/** A sentence in the language of a BCP 47 tag: Japanese for `ja` and `ja-JP`, else English. */
export function sentence(word: Word, language: string): string {
  return WORDS[word][/^ja\b/i.test(language) ? 'ja' : 'en'];
}
