// The demo without a person: drops songs on the page of a running server and compares what it shows.
//
//   ONMON_DEMO='{"url", "songs": [{"path", "decision", "recordingId"}], "screenshot"}' node demo-once.mjs
//
// Prints one JSON line for each song. Ends with an error if the page shows something else than expected,
// complains of anything, or sends more than a fingerprint.

import { statSync } from 'node:fs';
import { basename } from 'node:path';

import { drop, launch, open, outcome } from './browser.mjs';

/** What may leave the page for one song, in bytes. */
const BODY_BYTES_MAX = 4_096;

const { url, songs, screenshot } = JSON.parse(process.env.ONMON_DEMO ?? 'null') ?? {};
if (!url || !songs?.length) throw new Error('set ONMON_DEMO to {"url", "songs", "screenshot"}');

const browser = await launch();
try {
  for (const [at, song] of songs.entries()) {
    const faults = await show(song, at === 0 ? screenshot : undefined);
    if (faults.length === 0) continue;
    console.error(`${basename(song.path)}: ${faults.join('; ')}`);
    process.exitCode = 1;
  }
} finally {
  await browser.close();
}

/** Drops one song on a fresh page, prints what it says, and returns what is wrong with it. */
async function show(song, picture) {
  const { context, page, traffic, complaints } = await open(browser, url, {
    viewport: { width: 1_100, height: 900 },
  });
  await drop(page, song.path);
  const seen = await outcome(page);
  const sentBytes = traffic.bodyBytes();
  const line = {
    file: basename(song.path),
    decision: seen.outcome,
    recordingId: seen.recordingId || null,
    title: seen.title,
    fileBytes: statSync(song.path).size,
    sentBytes,
    steps: seen.steps,
  };
  console.log(JSON.stringify(line));
  if (picture) await page.screenshot({ path: picture, fullPage: true });
  await context.close();
  const faults = complaints.map((complaint) => `the browser says: ${complaint}`);
  if (seen.outcome !== song.decision) {
    faults.push(`${song.decision} was expected, ${seen.outcome} is shown (${seen.why})`);
  }
  if (song.recordingId && seen.recordingId !== song.recordingId) {
    faults.push(`recording ${song.recordingId} was expected, ${seen.recordingId || 'none'} is shown`);
  }
  if (sentBytes >= BODY_BYTES_MAX) faults.push(`${sentBytes} bytes have left the page`);
  return faults;
}
