// Planning servers in a browser: `onmon/capacity`.

import { createCapacity, type Capacity } from './capacity.js';
import { browserPlatform } from './platform-browser.js';

export { OnmonError } from './errors.js';
export type { CapacityModel, Dispatch, FarmRow, FarmShape, ModelOptions, PlanDemand } from './capacity.js';

const capacity: Capacity = /* @__PURE__ */ createCapacity({
  ...browserPlatform,
  fetchWasm: () => fetch(new URL('../pkg/onmon_capacity_bg.wasm', import.meta.url)),
});

export const { capacityModel } = capacity;
