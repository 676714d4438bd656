// Real music for the tests: the folder MUSIC, as `cargo xtask` fetched it.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, renameSync } from 'node:fs';
import { basename, extname, join } from 'node:path';

const ENDINGS = ['.ogg', '.mp3', '.flac'];

/** The first `count` tracks of MUSIC, by name, so that every run takes the same ones. */
export function tracks(count) {
  const folder = process.env.MUSIC;
  if (!folder) throw new Error('set MUSIC to a folder of music (cargo xtask test does)');
  const files = readdirSync(folder, { recursive: true })
    .filter((name) => ENDINGS.includes(extname(name)))
    .sort()
    .map((name) => join(folder, name));
  if (files.length < count) throw new Error(`${folder} holds ${files.length} tracks, ${count} are needed`);
  return files.slice(0, count);
}

/** A file's name without folder and ending: what the CLI takes as its recording_id. */
export function stem(file) {
  return basename(file, extname(file));
}

/** Enough of a track to be read by seeking, and not long to encode. */
const ENCODED_S = 150;

/** The track's beginning in another encoding, made by ffmpeg; undefined where there is no ffmpeg. */
export function reencoded(file, folder, ending, ...options) {
  const made = join(folder, `${stem(file)}.${ending}`);
  const words = ['-v', 'error', '-y', '-i', file, '-map', '0:a', '-map_metadata', '-1', '-t', String(ENCODED_S), ...options, made];
  try {
    execFileSync('ffmpeg', words, { stdio: ['ignore', 'ignore', 'inherit'] });
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
  return made;
}

/** The track's beginning as Chromium wants what its microphone is to hear. */
export function forMicrophone(file, folder) {
  return reencoded(file, folder, 'wav', '-ac', '1', '-ar', '48000', '-c:a', 'pcm_s16le');
}

/** Three songs as MP3 files in `folder`: one that may be shared, one that may not, and one that is nobody's. */
export function licensedBannedAndOwn(folder) {
  const names = ['song', 'banned', 'own'];
  return tracks(names.length).map((track, index) => {
    const made = reencoded(track, folder, 'mp3', '-b:a', '128k');
    assert.ok(made, 'ffmpeg is missing');
    const path = join(folder, `${names[index]}.mp3`);
    renameSync(made, path);
    return path;
  });
}

/** What of those is enrolled, as `serve` takes it. */
export function enrolled([song, banned]) {
  const about = { artist: 'Somebody' };
  return [
    { ...about, file: song, recordingId: 'r0', title: 'Title 0', rights: 'entrusted' },
    { ...about, file: banned, recordingId: 'r1', title: 'Title 1', rights: 'not_entrusted' },
  ];
}
