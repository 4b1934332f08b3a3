import { describe, expect, it } from "vitest";
import { Friction } from "#dist/src/eviction/adaptive-friction.js";
import {
  BACK_OFF,
  DWELL,
  Governor,
  LATER_MARGIN,
  MARGIN,
  type Verdict,
  WINDOWS_IN_A_ROW,
} from "#dist/src/eviction/adaptive-governor.js";
import { PROBATION, SHORTFALL } from "#dist/src/eviction/adaptive-probation.js";

const WINDOW = 100;
/** A miniature of one window: a new incumbent settles in for one. */
const ENTRIES = 100;

/** A governor over three candidates, of which the first is incumbent, and the numbers it is shown. */
class Office {
  readonly governor: Governor;
  readonly standing = {
    incumbent: 0,
    windowLength: WINDOW,
    lowerBounds: [0, 0, 0],
    lead: [0, 0, 0],
    windowHits: [0, 0, 0],
  };
  readonly account = { hits: 50, requests: 1e9, entries: ENTRIES, miniatureEntries: ENTRIES };
  price = 0;
  /** Challengers whose price was asked for. */
  readonly asked: number[] = [];

  constructor(keepsHistory = true) {
    this.governor = new Governor(3, keepsHistory);
  }

  window(): Verdict | null {
    this.governor.passWindow();
    const verdict = this.governor.judge(this.standing, this.account, {
      price: (challenger) => {
        this.asked.push(challenger);
        return this.price;
      },
    });
    if (verdict !== null) this.standing.incumbent = verdict.to;
    return verdict;
  }

  /** Windows until there is a verdict, and it; null when there is none in `most`. */
  until(most: number): { windows: number; verdict: Verdict } | null {
    for (let windows = 1; windows <= most; windows++) {
      const verdict = this.window();
      if (verdict !== null) return { windows, verdict };
    }
    return null;
  }

  /** This challenger is better than all others by so much, and has been for long. */
  favour(challenger: number, gain = 0.1, lead = 1000): void {
    this.standing.lowerBounds.fill(-1);
    this.standing.lowerBounds[challenger] = gain;
    this.standing.lead[challenger] = lead;
  }
}

describe("the governor", () => {
  it("follows a better challenger once the incumbent has had its dwell", () => {
    const office = new Office();
    office.favour(2);
    expect(office.until(100)).toEqual({ windows: DWELL, verdict: { to: 2, gain: 0.1, reason: "better" } });
  });

  it("asks for the gain in two windows in a row", () => {
    const office = new Office();
    for (let i = 0; i < 20; i++) {
      office.favour(1, i % WINDOWS_IN_A_ROW === 0 ? -1 : 0.1);
      expect(office.window()).toBeNull();
    }
    office.favour(1);
    expect(office.window()?.to).toBe(1);
  });

  it("follows the one with the greatest proven gain of those whose lead is worth their price", () => {
    const office = new Office();
    office.standing.lowerBounds = [0, 0.1, 0.2];
    office.standing.lead = [0, 500, 499];
    office.price = 500;
    expect(office.until(10)?.verdict).toEqual({ to: 1, gain: 0.1, reason: "better" });
    const rich = new Office();
    rich.standing.lowerBounds = [0, 0.1, 0.2];
    rich.standing.lead = [0, 500, 500];
    rich.price = 500;
    expect(rich.until(10)?.verdict.to).toBe(2);
  });

  it("asks no price of a challenger that it would not follow anyway", () => {
    const office = new Office();
    office.standing.lowerBounds = [0, 0.1, MARGIN];
    office.until(100);
    expect(office.asked).toEqual([1]);
  });

  it("has a higher hurdle after the first change", () => {
    const between = (MARGIN + LATER_MARGIN) / 2;
    const office = new Office();
    office.favour(1, between);
    expect(office.until(100)?.verdict.to).toBe(1);
    office.account.hits = 100; // probation is not what decides here
    office.favour(2, between);
    expect(office.until(100)).toBeNull();
    office.favour(2, LATER_MARGIN * 1.01);
    expect(office.until(100)?.verdict.to).toBe(2);
  });

  it("has a higher hurdle while there have been few requests to earn a change back in", () => {
    const office = new Office();
    office.account.requests = 0;
    const hurdle = MARGIN + 0.25 / 16;
    office.favour(1, hurdle);
    expect(office.until(100)).toBeNull();
    office.favour(1, hurdle * 1.01);
    expect(office.until(100)?.verdict.to).toBe(1);
  });

  it("forgets what it saw of the miniatures when they start anew", () => {
    const office = new Office();
    office.favour(1);
    for (let i = 1; i < DWELL; i++) expect(office.window()).toBeNull();
    office.governor.restart();
    expect(office.window()).toBeNull();
    expect(office.window()?.to).toBe(1);
  });
});

describe("probation", () => {
  /** Follows 1, whose miniature hits `forecast` a window, while the cache hits `hits` and the former policy's miniature `former`. */
  function promoted(forecast: number, hits: number, former: number): Office {
    const office = new Office();
    office.favour(1);
    office.until(100);
    office.standing.lowerBounds.fill(0);
    office.standing.windowHits = [former, forecast, 0];
    office.account.hits = hits;
    return office;
  }

  it("takes a change back that falls short of its forecast, when it has had the time to settle", () => {
    expect(promoted(80, 60, 70).until(1000)).toEqual({
      windows: 1 + PROBATION,
      verdict: { to: 0, gain: 0.2, reason: "rolled back" },
    });
  });

  it("does not look at the windows in which entries settle", () => {
    const office = promoted(80, 0, 70);
    expect(office.window()).toBeNull();
    office.account.hits = 80;
    expect(office.until(1000)).toBeNull();
  });

  it("leaves a change that comes near enough to its forecast, or that the former policy would not better", () => {
    expect(promoted(80, 80 - 100 * SHORTFALL + 1, 100).until(1000)).toBeNull();
    expect(promoted(80, 60, 60).until(1000)).toBeNull();
  });

  it("is over when the sample changes", () => {
    const office = promoted(80, 60, 70);
    for (let i = 0; i < PROBATION; i++) office.window();
    office.governor.restart();
    expect(office.until(1000)).toBeNull();
  });

  it("bars who failed, twice as long each time", () => {
    const office = promoted(80, 60, 70);
    const waits: number[] = [];
    for (let failure = 0; failure < 4; failure++) {
      expect(office.until(1000)?.verdict.reason).toBe("rolled back");
      office.favour(1);
      waits.push(office.until(10_000)?.windows ?? -1);
      office.standing.lowerBounds.fill(0);
    }
    expect(waits).toEqual([1, 2, 4, 8].map((times) => times * BACK_OFF));
  });
});

describe("friction", () => {
  it("doubles with each change back to who was left, up to 8", () => {
    const friction = new Friction(true);
    const factors = [1, 2, 0, 1, 2, 0].map((to, i, all) => {
      friction.change(i === 0 ? 0 : all[i - 1], to);
      return friction.factor;
    });
    expect(factors).toEqual([1, 1, 2, 4, 8, 8]);
  });

  it("doubles with every change where history is lost", () => {
    const friction = new Friction(false);
    friction.change(0, 1);
    friction.change(1, 2);
    expect(friction.factor).toBe(4);
  });

  it("halves in calm, which a change ends, and forgets who was left when it is back at 1", () => {
    const friction = new Friction(true);
    friction.change(0, 1);
    friction.change(1, 0);
    friction.relax(255, 1);
    friction.change(0, 1);
    expect(friction.factor).toBe(4);
    friction.relax(255, 1);
    expect(friction.factor).toBe(4);
    friction.relax(1, 1);
    expect(friction.factor).toBe(2);
    friction.relax(256, 1);
    expect(friction.factor).toBe(1);
    friction.change(1, 0);
    expect(friction.factor).toBe(1);
  });

  it("multiplies the price that the governor asks", () => {
    const office = new Office(false);
    office.price = 100;
    office.favour(1, 0.1, 100);
    expect(office.until(100)?.verdict.to).toBe(1);
    office.account.hits = 100;
    office.favour(2, 0.1, 199);
    expect(office.until(100)).toBeNull();
    office.favour(2, 0.1, 200);
    expect(office.until(100)?.verdict.to).toBe(2);
  });
});
