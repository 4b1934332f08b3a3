/** What the cluster relies on in any engine, as src/cluster/engine.ts says it: each engine's own test file runs these over it. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Engine, EngineConflict, EngineNotSent, EngineUnknown } from "#dist/src/cluster/engine.js";
import { InvalidArgumentError } from "#dist/src/errors.js";

/** Where logs are: nodes that open the same domain share one. */
export interface Place {
  open(domain: string, node: string): Promise<Engine>;
  close(): Promise<void>;
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const bytes = (words: string): Uint8Array => new Uint8Array(Buffer.from(words));

export function conformance(name: string, start: () => Promise<Place>): void {
  describe(`the engine ${name}`, () => {
    let place: Place;
    let domains = 0;
    let ids = 0;
    const id = (): string => `attempt ${++ids}`;

    beforeAll(async () => {
      place = await start();
    });

    afterAll(() => place?.close());

    /** Two nodes on a log of their own. */
    async function two(): Promise<[Engine, Engine]> {
      const domain = `d${++domains}`;
      return [await place.open(domain, "a"), await place.open(domain, "b")];
    }

    async function standing(engine: Engine, after = 0): Promise<{ last: number; found: [number, string, string][] }> {
      const found: [number, string, string][] = [];
      const { last } = await engine.since(after, (seq, key, entry) => found.push([seq, key, text(entry)]));
      return { last, found };
    }

    it("numbers every append one higher than the last, whatever its key and node", async () => {
      const [a, b] = await two();
      const seqs = [];
      for (const [engine, key] of [
        [a, "k"],
        [b, "k"],
        [b, "other"],
        [a, "k"],
      ] as const) {
        seqs.push((await engine.append(key, bytes("x"), { id: id() })).seq);
      }
      expect(seqs).toEqual([1, 2, 3, 4]);
    });

    it("keeps each key's last version, which every node reads", async () => {
      const [a, b] = await two();
      expect(await b.read("k")).toBeNull();
      await a.append("k", bytes("first"), { id: id() });
      await a.append("other", bytes("x"), { id: id() });
      await a.append("k", bytes("second"), { id: id() });
      const read = await b.read("k");
      expect([read?.seq, text(read?.entry ?? bytes(""))]).toEqual([3, "second"]);
    });

    it("writes what expects the number that stands there, and refuses what expects another", async () => {
      const [a, b] = await two();
      await expect(a.append("k", bytes("x"), { id: id(), expect: 7 })).rejects.toThrow(EngineConflict);
      const { seq } = await a.append("k", bytes("first"), { id: id(), expect: 0 });
      await expect(b.append("k", bytes("y"), { id: id(), expect: 0 })).rejects.toThrow(EngineConflict);
      await b.append("k", bytes("second"), { id: id(), expect: seq });
      await expect(a.append("k", bytes("z"), { id: id(), expect: seq })).rejects.toThrow(EngineConflict);
      expect((await standing(a)).found.map(([, key, entry]) => [key, entry])).toEqual([["k", "second"]]);
    });

    it("lets one win of those that expect the same number at the same time", async () => {
      const [a, b] = await two();
      let stands = 0;
      for (let round = 0; round < 20; round++) {
        const tries = [a, b, a, b, a, b].map((engine, i) =>
          engine.append("k", bytes(`${round}.${i}`), { id: id(), expect: stands }).then(
            ({ seq }) => seq,
            (error) => error,
          ),
        );
        const ends = await Promise.all(tries);
        const won = ends.filter((end) => typeof end === "number");
        expect(won).toHaveLength(1);
        // One that met another under way may be told that it was not sent: it had no effect either way.
        for (const end of ends.filter((end) => typeof end !== "number")) {
          expect(end instanceof EngineConflict || end instanceof EngineNotSent).toBe(true);
        }
        stands = won[0];
        const winner = `${round}.${ends.indexOf(stands)}`;
        expect(text((await a.read("k"))?.entry ?? bytes(""))).toBe(winner);
      }
    });

    it("takes the same attempt once, however often it is asked", async () => {
      const [a, b] = await two();
      const attempt = { id: "once / ü" };
      expect(await a.append("k", bytes("x"), attempt)).toEqual({ seq: 1, duplicate: false });
      expect(await a.append("k", bytes("x"), attempt)).toEqual({ seq: 1, duplicate: true });
      expect(await b.append("k", bytes("x"), attempt)).toEqual({ seq: 1, duplicate: true });
      const expecting = { id: "expecting", expect: 0 };
      expect(await a.append("n", bytes("y"), expecting)).toEqual({ seq: 2, duplicate: false });
      expect(await a.append("n", bytes("y"), expecting)).toEqual({ seq: 2, duplicate: true });
      expect((await standing(a)).last).toBe(2);
    });

    it("writes an attempt no second time when another version has taken its place", async () => {
      const [a, b] = await two();
      const attempt = { id: id() };
      await a.append("k", bytes("first"), attempt);
      await b.append("k", bytes("second"), { id: id() });
      const again = await a.append("k", bytes("first"), attempt).catch((error) => error);
      if (again instanceof Error) expect(again).toBeInstanceOf(EngineUnknown);
      else expect(again).toEqual({ seq: 1, duplicate: true });
      expect(await standing(a)).toEqual({ last: 2, found: [[2, "k", "second"]] });
    });

    it("tells what stands since a number, in order, and the log's last number", async () => {
      const [a, b] = await two();
      expect(await standing(b)).toEqual({ last: 0, found: [] });
      for (const key of ["k", "l", "k", "m"]) await a.append(key, bytes(key), { id: id() });
      const all = [
        [2, "l", "l"],
        [3, "k", "k"],
        [4, "m", "m"],
      ];
      expect(await standing(b)).toEqual({ last: 4, found: all });
      expect(await standing(b, 2)).toEqual({ last: 4, found: all.slice(1) });
      expect(await standing(b, 4)).toEqual({ last: 4, found: [] });
      expect(await standing(b, 9)).toEqual({ last: 9, found: [] });
    });

    it("tells thousands since a number, each once and in order", async () => {
      const [a, b] = await two();
      const keys = Array.from({ length: 2500 }, (_, i) => `k${i}`);
      for (let at = 0; at < keys.length; at += 250) {
        await Promise.all(keys.slice(at, at + 250).map((key) => a.append(key, bytes(key), { id: id() })));
      }
      const { last, found } = await standing(b);
      expect(last).toBe(2500);
      expect(found.map(([seq]) => seq)).toEqual(keys.map((_, i) => i + 1));
      expect(new Set(found.map(([, key]) => key)).size).toBe(2500);
      expect(found.every(([, key, entry]) => key === entry)).toBe(true);
    });

    it("tells large entries since a number, more than any one answer holds", async () => {
      const [a, b] = await two();
      const large = new Uint8Array(a.facts.maxEntryBytes).fill(7);
      for (let i = 0; i < 20; i++) await a.append(`k${i}`, large, { id: id() });
      const sizes: number[] = [];
      expect(await b.since(0, (_seq, _key, entry) => sizes.push(entry.length))).toEqual({ last: 20, end: 20 });
      expect(sizes).toEqual(Array(20).fill(large.length));
    });

    it("tells of each key what stood when it was asked, or that something later lies before the end, however fast it is written over", async () => {
      const [a, b] = await two();
      const written = new Map<string, number[]>();
      const write = async (key: string): Promise<void> => {
        const { seq } = await a.append(key, bytes("x"), { id: id() });
        written.set(key, [...(written.get(key) ?? []), seq]);
      };
      for (let i = 0; i < 40; i++) await write(`k${i}`);
      let reading = true;
      // What servers that elect a leader did not answer may have a number that is not known here.
      const unknown = (error: unknown): null => {
        expect(error).toBeInstanceOf(EngineUnknown);
        return null;
      };
      const uncertain = new Set<string>();
      const writing = ["k0", "k1", "k2", "k3"].map(async (key) => {
        while (reading) if ((await write(key).catch(unknown)) === null) uncertain.add(key);
      });
      const reads = [];
      for (let i = 0; i < 100; i++) {
        const known = [...written].map(([key, seqs]) => [key, seqs.at(-1) as number] as const);
        const visited = new Map<string, number>();
        const from = i % 2 === 0 ? 0 : Math.min(...known.slice(0, 4).map(([, seq]) => seq)) - 1;
        const read = await b.since(from, (seq, key) => visited.set(key, seq)).catch(unknown);
        if (read === null) continue;
        reads.push({ known: known.filter(([, seq]) => seq > from && seq <= read.last), visited, ...read });
      }
      reading = false;
      await Promise.all(writing);
      let overwritten = 0;
      for (const { known, visited, last, end } of reads) {
        for (const [key, seq] of known) {
          if (uncertain.has(key) || (visited.get(key) ?? 0) >= seq) continue;
          overwritten++;
          expect(written.get(key)?.some((later) => later > last && later <= end)).toBe(true);
        }
      }
      console.log(`${name}: ${overwritten} versions were written over while they were read`);
    });

    it("visits only when everything has arrived", async () => {
      const [a] = await two();
      for (let i = 0; i < 40; i++) await a.append(`k${i}`, bytes("x"), { id: id() });
      let turns = 0;
      let seen = 0;
      let going = true;
      const count = (): void => {
        turns++;
        if (going) setImmediate(count);
      };
      const turnsAt = new Set<number>();
      setImmediate(count);
      await a.since(0, () => {
        seen++;
        turnsAt.add(turns);
      });
      going = false;
      expect(seen).toBe(40);
      expect(turnsAt.size).toBe(1);
    });

    it("tells every node of a new version", async () => {
      const [a, b] = await two();
      const told: [string, number, string, string][] = [];
      a.onChange((seq, key, entry) => told.push(["a", seq, key, text(entry)]));
      b.onChange((seq, key, entry) => told.push(["b", seq, key, text(entry)]));
      await a.append("k", bytes("x"), { id: id() });
      await b.append("l.m", bytes(""), { id: id() });
      await vi.waitFor(() => expect(told).toHaveLength(4), { timeout: 60_000 });
      expect(told.sort()).toEqual([
        ["a", 1, "k", "x"],
        ["a", 2, "l.m", ""],
        ["b", 1, "k", "x"],
        ["b", 2, "l.m", ""],
      ]);
    });

    it("casts to the other nodes of the domain, and says from whom", async () => {
      const [a, b] = await two();
      const elsewhere = await place.open(`d${++domains}`, "c");
      const got: string[] = [];
      for (const [name, engine] of Object.entries({ a, b, elsewhere })) {
        engine.onCast((from, message) => got.push(`${from} to ${name}: ${text(message)}`));
      }
      a.cast(bytes("hello"));
      b.cast(bytes("answer"));
      elsewhere.cast(bytes("alone"));
      await vi.waitFor(() => expect(got).toHaveLength(2), { timeout: 60_000 });
      // What comes after them has come after all that was cast before.
      a.cast(bytes("last"));
      await vi.waitFor(() => expect(got).toContain("a to b: last"), { timeout: 60_000 });
      expect(got.sort()).toEqual(["a to b: hello", "a to b: last", "b to a: answer"]);
    });

    it("forgets a version that still stands, and no other", async () => {
      const [a, b] = await two();
      await a.append("k", bytes("old"), { id: id() });
      const { seq } = await a.append("k", bytes("new"), { id: id() });
      await a.append("l", bytes("x"), { id: id() });
      // The third is another key's.
      for (const wrong of [1, 3]) await b.forget("k", wrong);
      expect((await a.read("k"))?.seq).toBe(seq);
      expect((await a.read("l"))?.seq).toBe(3);
      await b.forget("k", seq);
      await b.forget("k", seq);
      expect(await a.read("k")).toBeNull();
      expect(await standing(a)).toEqual({ last: 3, found: [[3, "l", "x"]] });
      expect(await a.append("k", bytes("again"), { id: id(), expect: 0 })).toEqual({ seq: 4, duplicate: false });
    });

    it("keeps the log's last number when the version that had it is forgotten", async () => {
      const [a, b] = await two();
      for (let i = 0; i < 30; i++) await a.append(`k${i}`, bytes("x"), { id: id() });
      await a.forget("k29", 30);
      await a.forget("k28", 29);
      expect((await standing(b)).last).toBe(30);
      expect((await standing(b)).found).toHaveLength(28);
      expect(await standing(b, 28)).toEqual({ last: 30, found: [] });
      expect((await a.append("k", bytes("x"), { id: id() })).seq).toBe(31);
    });

    it("keeps domains apart", async () => {
      const [a] = await two();
      const [other] = await two();
      await a.append("k", bytes("x"), { id: "same" });
      expect(await other.read("k")).toBeNull();
      expect(await other.append("k", bytes("y"), { id: "same" })).toEqual({ seq: 1, duplicate: false });
    });

    it("takes keys of any text, and gives them back as they were", async () => {
      const [a, b] = await two();
      const odd = ["a..b", ".", "*", ">", "a b", "ü", "session:42", "a\r\nb", "\u0000", "🦥", "/", "$JS.API", "-_"];
      const longest = "k".repeat(a.facts.maxKeyBytes);
      for (const key of [...odd, longest]) {
        const { seq } = await a.append(key, bytes(key), { id: id() });
        expect((await b.read(key))?.seq).toBe(seq);
      }
      expect((await standing(b)).found.map(([, key]) => key)).toEqual([...odd, longest]);
      const drawn = fc
        .string({ unit: "binary", minLength: 1, maxLength: 40 })
        .filter((key) => !/\p{Surrogate}/u.test(key));
      await fc.assert(
        fc.asyncProperty(drawn, async (key) => {
          const { seq } = await a.append(key, bytes(key), { id: id() });
          const found: string[] = [];
          await b.since(seq - 1, (_seq, key) => found.push(key));
          expect(found).toEqual([key]);
        }),
        { numRuns: 30 },
      );
    });

    it("refuses keys and entries that it cannot hold, before they are sent", async () => {
      const [a] = await two();
      const { maxKeyBytes, maxEntryBytes } = a.facts;
      for (const key of ["", "k".repeat(maxKeyBytes + 1), "ü".repeat(Math.ceil((maxKeyBytes + 1) / 2))]) {
        await expect(a.append(key, bytes("x"), { id: id() })).rejects.toThrow(InvalidArgumentError);
      }
      const large = new Uint8Array(maxEntryBytes + 1);
      await expect(a.append("k", large, { id: id() })).rejects.toThrow(InvalidArgumentError);
      expect(await a.append("k", large.subarray(1), { id: id() })).toEqual({ seq: 1, duplicate: false });
    });

    it("shares no bytes with those who write and read", async () => {
      const [a, b] = await two();
      const told: Uint8Array[] = [];
      b.onChange((_seq, _key, entry) => told.push(entry));
      const entry = bytes("as it was");
      await a.append("k", entry, { id: id() });
      entry.fill(0);
      await vi.waitFor(() => expect(told).toHaveLength(1), { timeout: 60_000 });
      const read = await b.read("k");
      read?.entry.fill(0);
      told[0].fill(1);
      expect(text((await b.read("k"))?.entry ?? bytes(""))).toBe("as it was");
      expect((await standing(b)).found).toEqual([[1, "k", "as it was"]]);
    });

    it("tells nothing and sends nothing once it is closed", async () => {
      const [a, b] = await two();
      let told = 0;
      b.onChange(() => told++);
      b.onCast(() => told++);
      await b.close();
      await b.close();
      await expect(b.append("k", bytes("x"), { id: id() })).rejects.toThrow(EngineNotSent);
      await expect(b.read("k")).rejects.toThrow(EngineNotSent);
      await expect(b.since(0, () => {})).rejects.toThrow(EngineNotSent);
      b.cast(bytes("nobody hears"));
      let heard = 0;
      a.onCast(() => heard++);
      let seen = 0;
      a.onChange(() => seen++);
      a.cast(bytes("x"));
      await a.append("k", bytes("x"), { id: id() });
      await vi.waitFor(() => expect(seen).toBe(1), { timeout: 60_000 });
      expect([told, heard]).toEqual([0, 0]);
    });
  });
}
