// Planning servers in Node: `onmon/capacity`.

import { readFile } from 'node:fs/promises';

import { createCapacity, type Capacity } from './capacity.js';
import { nodePlatform } from './platform-node.js';

export { OnmonError } from './errors.js';
export type { CapacityModel, Dispatch, FarmRow, FarmShape, ModelOptions, PlanDemand } from './capacity.js';

const capacity: Capacity = /* @__PURE__ */ createCapacity({
  ...nodePlatform,
  fetchWasm: () => readFile(new URL('../pkg/onmon_capacity_bg.wasm', import.meta.url)),
});

export const { capacityModel } = capacity;
