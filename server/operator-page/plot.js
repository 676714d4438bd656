// Bars over days, as SVG: stacked or single, with a title on every bar for mouse and screen reader.

const NAMESPACE = 'http://www.w3.org/2000/svg';
const HEIGHT = 180;
const BOTTOM = 22;
const TOP = 8;
/** Widths of the small type that it is written in: of a digit, and of a day as `11-28`. */
const DIGIT = 7;
const DAY = 34;

/**
 * Draws bars into a figure. `days` are texts, `series` is `[{name, label, values}]`, one value a day,
 * stacked in that order; `format` writes a value.
 */
export function bars(figure, days, series, format, nothing) {
  figure.replaceChildren();
  const sums = days.map((_, at) => series.reduce((sum, one) => sum + one.values[at], 0));
  const most = Math.max(...sums, 0);
  if (most === 0) {
    figure.textContent = nothing;
    return;
  }
  // At least 2: there is no half of a download.
  const top = Math.max(2, niceAbove(most));
  // As wide as it is shown, so that its words are as large as all others.
  const width = Math.max(280, figure.clientWidth - 20);
  const ticks = [0, top / 2, top];
  const tickText = (tick) => tick.toLocaleString(navigator.language);
  const left = 10 + DIGIT * Math.max(...ticks.map((tick) => tickText(tick).length));
  const svg = element('svg', { viewBox: `0 0 ${width} ${HEIGHT}`, role: 'img' });
  const height = (value) => ((HEIGHT - TOP - BOTTOM) * value) / top;
  for (const tick of ticks) {
    const y = HEIGHT - BOTTOM - height(tick);
    svg.append(element('line', { class: 'axis', x1: left, x2: width, y1: y, y2: y }));
    const label = element('text', { x: left - 6, y: y + 4, 'text-anchor': 'end' });
    label.textContent = tickText(tick);
    svg.append(label);
  }
  const step = (width - left) / days.length;
  days.forEach((day, at) => {
    let y = HEIGHT - BOTTOM;
    for (const one of series) {
      const tall = height(one.values[at]);
      if (tall === 0) continue;
      y -= tall;
      const bar = element('rect', {
        class: one.name, x: left + step * (at + 0.1), y, width: step * 0.8, height: tall,
      });
      const title = element('title', {});
      title.textContent = `${day} ${one.label}: ${format(one.values[at])}`;
      bar.append(title);
      svg.append(bar);
    }
    const x = left + step * at;
    if (at % Math.ceil((days.length * 90) / width) === 0 && x + DAY <= width) {
      const label = element('text', { x, y: HEIGHT - 6 });
      label.textContent = day.slice(5);
      svg.append(label);
    }
  });
  const total = sums.reduce((sum, one) => sum + one, 0);
  svg.setAttribute('aria-label', `${days[0]} – ${days.at(-1)}: ${format(total)}`);
  figure.append(svg);
  if (series.length > 1) figure.append(key(series));
}

function key(series) {
  const list = document.createElement('ul');
  list.className = 'key';
  for (const one of series) {
    const item = document.createElement('li');
    const mark = document.createElement('i');
    mark.className = one.name;
    item.append(mark, one.label);
    list.append(item);
  }
  return list;
}

/** The next of 1, 2, 4, 6, 8, 10 times a power of ten: so that half of it is short to write. */
function niceAbove(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  const nice = [1, 2, 4, 6, 8, 10].find((factor) => factor * power >= value);
  return (nice ?? 10) * power;
}

function element(name, attributes) {
  const made = document.createElementNS(NAMESPACE, name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  return made;
}
