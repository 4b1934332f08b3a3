/**
 * Who an id is: the store knows entries by key hash, address and version, a policy by dense ids.
 *
 * Ids are given to key hashes, 32 bits of them. Two keys of one hash share an id: the policy then takes them for one, and evicts
 * the one that was written last; the other stays until it is rewritten, or a writer that needs room evicts it. Of a million
 * entries some hundred pairs are like that. It costs quality, and never correctness.
 *
 * There are more ids than entries, so that a key that comes back soon finds its id and with it what the policy remembers of it (its
 * ghost). When all ids are given out, one that left long ago is given to the next new key. A policy may still remember
 * it: as if two keys had one hash.
 *
 * All typed arrays: 28 to 36 bytes an id.
 */
const NONE = -1;

export class EntryTable {
  /** Address and version of the entry an id is resident by; address 0 = it is not resident. */
  readonly addresses: Uint32Array;
  readonly versions: Uint32Array;
  readonly hashes: Uint32Array;
  residents = 0;
  /** When an id was last seen, while it is resident; how many had left before it, once it has left. Both wrap around. */
  private readonly stamps: Uint32Array;
  private now = 0;
  private departures = 0;
  /** Open addressing, linear probing, at most half full: id + 1 by hash, 0 = empty. */
  private readonly places: Int32Array;
  private readonly mask: number;
  private readonly shift: number;
  private given = 0;
  private hand = 0;

  /** @param ids how many there are: 0 to ids - 1 */
  constructor(readonly ids: number) {
    this.addresses = new Uint32Array(ids);
    this.versions = new Uint32Array(ids);
    this.hashes = new Uint32Array(ids);
    this.stamps = new Uint32Array(ids);
    const bits = Math.max(4, Math.ceil(Math.log2(ids * 2)));
    this.places = new Int32Array(2 ** bits);
    this.mask = 2 ** bits - 1;
    this.shift = 32 - bits;
  }

  /** The id of a key hash, resident or not; -1 when it has none. */
  find(hash: number): number {
    for (let place = this.home(hash); ; place = (place + 1) & this.mask) {
      const id = this.places[place] - 1;
      if (id < 0) return NONE;
      if (this.hashes[id] === hash) return id;
    }
  }

  /** Gives a key hash that has none an id; -1 when every id is resident. */
  give(hash: number): number {
    const id = this.given < this.ids ? this.given++ : this.recycle();
    if (id === NONE) return NONE;
    this.hashes[id] = hash;
    let place = this.home(hash);
    while (this.places[place] !== 0) place = (place + 1) & this.mask;
    this.places[place] = id + 1;
    return id;
  }

  isResident(id: number): boolean {
    return this.addresses[id] !== 0;
  }

  /** An id is resident by this entry, and was seen now. */
  makeResident(id: number, address: number, version: number): void {
    if (this.addresses[id] === 0) this.residents++;
    this.addresses[id] = address;
    this.versions[id] = version;
    this.touch(id);
  }

  touch(id: number): void {
    this.stamps[id] = ++this.now;
  }

  /** A resident id is so no longer. */
  vacate(id: number): void {
    this.addresses[id] = 0;
    this.residents--;
    this.stamps[id] = ++this.departures;
  }

  /** The resident ids, the one seen longest ago first. */
  byRecency(): Uint32Array {
    const ids = new Uint32Array(this.residents);
    let n = 0;
    for (let id = 0; id < this.given; id++) if (this.addresses[id] !== 0) ids[n++] = id;
    const { stamps, now } = this;
    return ids.sort((a, b) => ((now - stamps[b]) >>> 0) - ((now - stamps[a]) >>> 0));
  }

  /** Takes an id away from a key hash that left before two thirds of the others that are not resident. */
  private recycle(): number {
    const absent = this.ids - this.residents;
    if (absent === 0) return NONE;
    const age = Math.floor(absent / 3);
    let any = NONE;
    for (let looked = 0; looked < this.ids; looked++) {
      const id = this.hand;
      this.hand = id + 1 === this.ids ? 0 : id + 1;
      if (this.addresses[id] !== 0) continue;
      any = id;
      if ((this.departures - this.stamps[id]) >>> 0 >= age) break;
    }
    // of those that are absent the one that left first is always old enough; should the count say otherwise, the last one seen serves
    this.forget(any);
    return any;
  }

  /** Empties the place of an id, and moves up those behind it that would not be found any more. */
  private forget(id: number): void {
    let hole = this.home(this.hashes[id]);
    while (this.places[hole] !== id + 1) hole = (hole + 1) & this.mask;
    for (let place = (hole + 1) & this.mask; this.places[place] !== 0; place = (place + 1) & this.mask) {
      const home = this.home(this.hashes[this.places[place] - 1]);
      if (((place - home) & this.mask) < ((place - hole) & this.mask)) continue;
      this.places[hole] = this.places[place];
      hole = place;
    }
    this.places[hole] = 0;
  }

  private home(hash: number): number {
    return Math.imul(hash, 0x9e3779b1) >>> this.shift;
  }
}
