// What `race.mjs` measures: one of the three makes a fingerprint of the chosen file, from nothing loaded.

const longTasks = [];
new PerformanceObserver((list) => longTasks.push(...list.getEntries())).observe({ type: 'longtask' });

/** Entries of long tasks come a moment after the task. */
const SETTLE_MS = 200;

/** What can be there before a file is: the way's script, and what its package lets a page load ahead. */
globalThis.reach = async (name) => {
  const { reach } = await import(`/onmon/dist/${name}.js`);
  await reach?.();
};

globalThis.race = async (name) => {
  const [file] = document.querySelector('#file').files;
  const begun = performance.now();
  const { bytesOf } = await import(`/onmon/dist/${name}.js`);
  const bytes = await bytesOf(file);
  const ms = performance.now() - begun;
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const longest = Math.max(0, ...longTasks.filter(({ startTime }) => startTime >= begun).map(({ duration }) => duration));
  return { ms, longestTaskMs: longest, bytes: [...bytes] };
};
