// The two plots: waiting over load, and the share that waits longer than a time. A line a shape.

import type { CapacityModel, FarmRow } from 'onmon/capacity';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

import { byId } from '../dom';
import { number, share, text } from '../locale';
import type { Question } from './question';

/** Loads that are drawn; beyond the last one everything is long. */
const LOADS = Array.from({ length: 49 }, (_, at) => (at + 1) * 0.02);

/** Shapes that are drawn, those with the shortest response; the table has all. */
const LINES_MAX = 6;

/** The least share of people that is worth drawing. */
const TAIL_MIN = 1e-4;

const POINTS = 160;

let drawn: uPlot[] = [];

/** Draws both plots for the width and colours that there are. */
export function drawPlots(model: CapacityModel, question: Question, rows: FarmRow[]): void {
  drawn.forEach((plot) => plot.destroy());
  const shapes = rows.length <= LINES_MAX ? rows : [...rows].sort(byTime).slice(0, LINES_MAX);
  const load = rows[0]?.load ?? 0;
  const lines = shapes.map((shape) => [...model.overLoads(shape, LOADS, question.share)]);
  drawn = [plot('loads', [LOADS, ...lines], shapes, load < 1 ? load : undefined)];
  const able = shapes.filter(({ atShareS }) => atShareS !== undefined);
  if (able.length === 0) return;
  const most = Math.max(...able.map((row) => farEnd(model, row, question.ratePerS)));
  const times = Array.from({ length: POINTS }, (_, at) => (most * at) / (POINTS - 1));
  // Nobody is left: a logarithm has no place for that.
  const tail = (row: FarmRow) => [...model.longer(row, question.ratePerS, times)].map((part) => (part < TAIL_MIN ? null : part));
  drawn.push(plot('tail', [times, ...able.map(tail)], able, question.targetS <= most ? question.targetS : undefined));
}

const byTime = (a: FarmRow, b: FarmRow) => (a.atShareS ?? Infinity) - (b.atShareS ?? Infinity);

/** Where next to nobody waits any more. */
function farEnd(model: CapacityModel, row: FarmRow, ratePerS: number): number {
  let time = row.serviceS;
  while (model.longer(row, ratePerS, [time])[0]! > TAIL_MIN) time *= 1.3;
  return time;
}

const COLOURS = ['--bit-0', '--bit-7', '--bit-4', '--refuse', '--bit-2', '--soft'];
const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3], [4, 4], [1, 2]];

function plot(id: 'loads' | 'tail', data: (number | null)[][], shapes: FarmRow[], mark: number | undefined): uPlot {
  const place = byId(id);
  place.replaceChildren();
  const style = getComputedStyle(place);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const isTail = id === 'tail';
  const axis = (label: string, format: (value: number) => string, size: number): uPlot.Axis => ({
    label,
    labelSize: 22,
    size,
    stroke: colour('--soft'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { stroke: colour('--line'), width: 1 },
    font: '12px system-ui, sans-serif',
    labelFont: '12px system-ui, sans-serif',
    values: (_, values) => values.map((value) => (value === null ? '' : format(value))),
  });
  const time = (value: number) => number(value, value < 1 ? 3 : 1);
  const upright = (self: uPlot) => {
    if (mark === undefined) return;
    const { ctx, bbox } = self;
    const x = Math.round(self.valToPos(mark, 'x', true));
    ctx.save();
    ctx.strokeStyle = colour('--accent');
    ctx.lineWidth = 2 * devicePixelRatio;
    ctx.setLineDash([]); // that of the last line is still there
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.restore();
  };
  const series = shapes.map(({ parts, groups }, at) => ({
    label: text('planShape', { parts: number(parts), groups: number(groups) }),
    stroke: colour(COLOURS[at % COLOURS.length]!),
    dash: DASHES[at % DASHES.length]!,
    width: 2,
    points: { show: false },
  }));
  const options: uPlot.Options = {
    width: place.clientWidth,
    height: 320,
    legend: { live: false },
    cursor: { show: false },
    scales: { x: { time: false }, y: { distr: 3 } },
    axes: [
      axis(isTail ? text('planAxisTime') : text('planAxisLoad'), isTail ? time : share, 44),
      axis(isTail ? text('planAxisLonger') : text('planAxisTime'), isTail ? share : time, 64),
    ],
    series: [{}, ...series],
    hooks: { draw: [upright] },
  };
  const made = new uPlot(options, data as uPlot.AlignedData, place);
  // For who does not see it the table says the same.
  made.root.setAttribute('aria-hidden', 'true');
  return made;
}
