/**
 * Where a MessagePack object ends, found by its heads alone. An array says how many elements it has before the first of them, and
 * a decoder makes room for as many: five bytes can ask for gigabytes. So a file is walked first. What an object claims must
 * be there, an element being a byte at least; then decoding takes memory in proportion to the file.
 */
const EXT_RECORD = 0x72;

/** Bytes that follow a head from 0xc4 on: of a length or number, and of what it stands for besides. -1: there is no such head. */
const FIXED: Readonly<Record<number, number>> = {
  202: 4, // float 32
  203: 8,
  204: 1, // uint 8, 16, 32, 64
  205: 2,
  206: 4,
  207: 8,
  208: 1, // int 8, 16, 32, 64
  209: 2,
  210: 4,
  211: 8,
  212: 2, // fixext 1, 2, 4, 8, 16, with their type
  213: 3,
  214: 5,
  215: 9,
  216: 17,
};
/** Heads with a length: its bytes, and what it counts. */
const COUNTED: Readonly<Record<number, readonly [bytes: number, of: "bytes" | "extension" | "elements" | "pairs"]>> = {
  196: [1, "bytes"], // bin 8, 16, 32
  197: [2, "bytes"],
  198: [4, "bytes"],
  199: [1, "extension"], // ext 8, 16, 32
  200: [2, "extension"],
  201: [4, "extension"],
  217: [1, "bytes"], // str 8, 16, 32
  218: [2, "bytes"],
  219: [4, "bytes"],
  220: [2, "elements"], // array 16, 32
  221: [4, "elements"],
  222: [2, "pairs"], // map 16, 32
  223: [4, "pairs"],
};

/** What one head brings: bytes that follow it, and objects inside it. */
interface Claim {
  readonly bytes: number;
  readonly objects: number;
}

function claimAt(file: Buffer, at: number): Claim {
  const head = file[at];
  if (head <= 0x7f || head >= 0xe0 || head === 0xc0 || head === 0xc2 || head === 0xc3) return { bytes: 0, objects: 0 };
  if (head <= 0x8f) return { bytes: 0, objects: (head & 15) * 2 };
  if (head <= 0x9f) return { bytes: 0, objects: head & 15 };
  if (head <= 0xbf) return { bytes: head & 31, objects: 0 };
  const fixed = FIXED[head];
  if (fixed !== undefined) {
    if (head >= 212 && file[at + 1] === EXT_RECORD) throw new RangeError(`byte ${at}: a record of msgpackr's own`);
    return { bytes: fixed, objects: 0 };
  }
  const counted = COUNTED[head];
  if (counted === undefined) throw new RangeError(`byte ${at}: there is no head ${head}`);
  const [width, of] = counted;
  if (at + 1 + width > file.length) throw new RangeError(`byte ${at}: it ends within a head`);
  const n = file.readUIntBE(at + 1, width);
  if (of === "elements") return { bytes: width, objects: n };
  if (of === "pairs") return { bytes: width, objects: n * 2 };
  return { bytes: width + n + (of === "extension" ? 1 : 0), objects: 0 };
}

/** The end of the object that begins at byte `at`. @throws RangeError naming the byte where it claims what is not there */
export function endOfObject(file: Buffer, at: number): number {
  let objects = 1;
  let end = at;
  while (objects > 0) {
    if (end >= file.length) throw new RangeError(`byte ${end}: the file ends; ${objects} more objects are claimed`);
    const claim = claimAt(file, end);
    const next = end + 1 + claim.bytes;
    objects += claim.objects - 1;
    if (next + objects > file.length) {
      throw new RangeError(
        `byte ${end}: it claims ${claim.bytes + claim.objects} more; ${file.length - end - 1} bytes follow`,
      );
    }
    end = next;
  }
  return end;
}
