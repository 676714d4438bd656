// How long users wait for how many servers, for a page or a script of who runs them: `onmon/capacity`.

import * as glue from '../pkg/onmon_capacity.js';
import { Engine, typed } from './engine.js';
import type { Platform } from './platform.js';

/** How queries are shared out among groups of servers. */
export type Dispatch = 'round-robin' | 'least-connection' | 'random';

/** What a query takes, and who gets it. */
export interface ModelOptions {
  /** Seconds in which one server searches all of the catalogue: what N servers divide. */
  wholeS: number;
  /** Seconds of a query that they do not; 0 where left out. */
  fixedS?: number | undefined;
  /** `round-robin` where left out. */
  dispatch?: Dispatch | undefined;
}

/** N servers that share the catalogue, k times. */
export interface FarmShape {
  /** N. */
  parts: number;
  /** k. */
  groups: number;
}

/** A shape under load. Times are in seconds, with the service; they are missing where it cannot bear what comes. */
export interface FarmRow extends FarmShape {
  /** Share of the time that a server works; 1 or more is too much. */
  load: number;
  /** What a query takes without waiting. */
  serviceS: number;
  meanS?: number;
  /** What the paper takes for the 95th percentile. */
  meanPlus2SigmaS?: number;
  /** What the asked share of the queries keeps, exactly. */
  atShareS?: number;
  /** One server down: the load of those left, the share of the catalogue that is not found, and the wait. */
  oneDown: { load: number; missing: number; atShareS?: number };
}

/** What is asked of a plan. */
export interface PlanDemand {
  ratePerS: number;
  /** Seconds that a response may take, */
  targetS: number;
  /** for this share of the queries; 0.95 where left out. */
  share?: number | undefined;
  /** Load at most; 0.85 where left out. */
  loadMax?: number | undefined;
  /** N at most; 64 where left out. */
  partsMax?: number | undefined;
  /** Whether the promise holds with one server down. */
  withOneDown?: boolean | undefined;
}

/**
 * M/D/1, E_k/D/1 and M/D/k, exact: Poisson arrivals, one service time. Every method throws an `OnmonError` with
 * `invalid_model` for numbers that are no model.
 */
export interface CapacityModel {
  /** Every shape of so many servers, the most groups first. */
  shapes(servers: number, ratePerS: number, share?: number): FarmRow[];
  /** What response time a share of the queries keeps, at each load (0 to 1, neither of them). */
  overLoads(shape: FarmShape, loads: ArrayLike<number>, share?: number): Float64Array;
  /** The share of the queries whose response takes longer than each time. */
  longer(shape: FarmShape, ratePerS: number, timesS: ArrayLike<number>): Float64Array;
  /** The fewest servers that keep a promise; throws `no_plan` where none do. */
  cheapest(demand: PlanDemand): FarmRow;
}

/** What `onmon/capacity` exports. */
export interface Capacity {
  /** A model of servers that all take the same time for a query. */
  capacityModel(options: ModelOptions): Promise<CapacityModel>;
}

const SHARE = 0.95;
const LOAD_MAX = 0.85;
const PARTS_MAX = 64;

/** Makes the functions. Touches nothing of the platform before one of them is called. */
export function createCapacity(platform: Platform): Capacity {
  const engine = new Engine<Pick<typeof glue, 'Model'>>(platform, glue);
  return {
    capacityModel: async ({ wholeS, fixedS = 0, dispatch = 'round-robin' }) => {
      const { Model } = await engine.functions();
      const model = typed(() => new Model(wholeS, fixedS, dispatch));
      return {
        shapes: (servers, ratePerS, share = SHARE) =>
          typed(() => model.shapes(servers, ratePerS, share) as FarmRow[]),
        overLoads: ({ parts, groups }, loads, share = SHARE) =>
          typed(() => model.overLoads(parts, groups, share, Float64Array.from(loads))),
        longer: ({ parts, groups }, ratePerS, timesS) =>
          typed(() => model.longer(parts, groups, ratePerS, Float64Array.from(timesS))),
        cheapest: ({ ratePerS, targetS, share = SHARE, loadMax = LOAD_MAX, partsMax = PARTS_MAX, withOneDown = false }) =>
          typed(() => model.cheapest(ratePerS, targetS, share, loadMax, partsMax, withOneDown) as FarmRow),
      };
    },
  };
}
