// node capacity.mjs 10: the fewest servers for ten queries a second, where one server searches for 5 s.

import { capacityModel } from 'onmon/capacity';

const [ratePerS] = process.argv.slice(2).map(Number);
const model = await capacityModel({ wholeS: 5 });

const { parts, groups, load, atShareS } = model.cheapest({ ratePerS, targetS: 10, share: 0.95 });
console.log(`${groups} x ${parts} servers, ${Math.round(load * 100)} % busy: 95 % within ${atShareS.toFixed(2)} s`);
for (const { oneDown } of model.shapes(parts * groups, ratePerS)) {
  console.log(oneDown.missing > 0 ? 'one down: songs are missing' : `one down: ${Math.round(oneDown.load * 100)} % busy`);
}
