/**
 * redis-monitor: what `redis-cli MONITOR > FILE` writes, of Redis or Valkey, one command a line:
 *
 *   1339518083.107412 [0 127.0.0.1:60866] "set" "user:1" "value" "EX" "60"
 *
 * A command with several keys is a request of each. A written value's length is its size, which of a read is not known. Keys of databases other
 * than 0 have its number in front. Commands without a key are left out and counted, as those are that a script calls for itself: those of `lua` have been
 * asked for by an EVAL whose keys they are, and count.
 */
import { OP_DELETE, OP_GET, OP_INCREMENT, OP_SET } from "../../operations.js";
import type { TraceFormat } from "../format.js";
import { headLines } from "../head.js";
import { type LogRequest, logRequests, type Put } from "./log-lines.js";

const LINE = /^(\d{1,12}\.\d{1,9}) \[(\d{1,5}) .{0,200}?\] (".*)$/;
const WORD = /"((?:[^"\\]|\\.)*)"(?: |$)/y;

/** Commands by what they do to what their first word names. */
const ONE_KEY: ReadonlyMap<string, number> = new Map([
  ...each(
    OP_GET,
    "get getex getrange substr strlen hget hgetall hmget hkeys hvals hlen hexists hstrlen hrandfield hscan",
  ),
  ...each(
    OP_GET,
    "lrange lindex llen lpos smembers sismember smismember scard srandmember sscan zrange zrevrange zrangebyscore zrevrangebyscore",
  ),
  ...each(
    OP_GET,
    "zrangebylex zrank zrevrank zscore zmscore zcard zcount zscan xrange xrevrange xlen getbit bitcount bitpos geopos geodist geosearch pfcount dump json.get ts.range",
  ),
  ...each(
    OP_SET,
    "set setnx getset append setrange hset hmset hsetnx lpush rpush lpushx rpushx linsert lset sadd zadd xadd setbit pfadd geoadd restore json.set",
  ),
  ...each(
    OP_SET,
    "lpop rpop ltrim lrem spop srem zrem zpopmin zpopmax zremrangebyscore zremrangebyrank hdel xdel xtrim",
  ),
  ...each(OP_INCREMENT, "incr decr incrby decrby incrbyfloat hincrby hincrbyfloat zincrby"),
  ...each(OP_DELETE, "getdel"),
]);
const SEVERAL_KEYS: ReadonlyMap<string, number> = new Map([
  ...each(OP_GET, "mget sinter sunion sdiff"),
  ...each(OP_DELETE, "del unlink"),
]);
/** Position of the value whose length is the size, counted from the key; only these write all there is under it. */
const VALUE_AT: Readonly<Record<string, number>> = { set: 1, setnx: 1, getset: 1, setex: 2, psetex: 2 };
const MOST_WORDS = 100_000;

function each(code: number, names: string): [string, number][] {
  return names.split(" ").map((name) => [name, code]);
}

export const redisMonitor: TraceFormat = {
  name: "redis-monitor",
  description: "commands as Redis' and Valkey's MONITOR tells them",
  endings: [],
  looksLike(head) {
    const lines = headLines(head).filter((line) => line !== "" && line !== "OK");
    return lines.length > 0 && lines.every((line) => LINE.test(line));
  },
  read(source, { reading }) {
    reading.columns = "key from each command's keys, size from the length of what is set";
    reading.unknownSizes = true;
    return logRequests(source, { time: true, size: true, op: true, ttl: true }, readLine, {
      reading,
      expected: 'lines such as 1339518083.107412 [0 127.0.0.1:60866] "get" "key"',
    });
  },
};

function readLine(line: string, request: LogRequest, put: Put): string | null {
  const match = LINE.exec(line);
  if (match === null) return line === "OK" ? "what MONITOR begins with" : "no command of MONITOR";
  const words = wordsOf(match[3]);
  if (words === null) return "its words do not end";
  const [name, ...rest] = words;
  request.time = Number(match[1]);
  return requestsOf(name.toLowerCase(), rest, match[2] === "0" ? "" : `${match[2]}:`, request, put);
}

function requestsOf(
  command: string,
  words: readonly string[],
  prefix: string,
  request: LogRequest,
  put: Put,
): string | null {
  request.size = 0;
  request.ttl = 0;
  const ask = (key: string, op: number): void => {
    request.key = prefix + key;
    request.op = op;
    put();
  };
  if (words.length === 0 || words[0] === "") return `${command.toUpperCase()} has no key`;
  const several = SEVERAL_KEYS.get(command);
  if (several !== undefined) {
    for (const key of words) if (key !== "") ask(key, several);
    return null;
  }
  if (command === "mset" || command === "msetnx") {
    for (let i = 0; i + 1 < words.length; i += 2) {
      if (words[i] === "") continue;
      request.size = words[i + 1].length;
      ask(words[i], OP_SET);
    }
    return words.length < 2 ? `${command.toUpperCase()} has no value` : null;
  }
  const op = command === "setex" || command === "psetex" ? OP_SET : ONE_KEY.get(command);
  if (op === undefined) return `${command.toUpperCase()} asks for no key, or is not known`;
  request.size = words[VALUE_AT[command] ?? words.length]?.length ?? 0;
  request.ttl = ttlOf(command, words);
  ask(words[0], op);
  return null;
}

/** Seconds; 0: it stays. A moment it ends at (EXAT) is not counted from the command's. */
function ttlOf(command: string, words: readonly string[]): number {
  if (command === "setex" || command === "psetex") return secondsIn(words[1], command === "setex" ? 1 : 1000);
  if (command !== "set") return 0;
  for (let i = 2; i + 1 < words.length; i++) {
    const option = words[i].toLowerCase();
    if (option === "ex" || option === "px") return secondsIn(words[i + 1], option === "ex" ? 1 : 1000);
  }
  return 0;
}

function secondsIn(text: string | undefined, perSecond: number): number {
  const value = Number(text);
  return value > 0 && value <= Number.MAX_SAFE_INTEGER ? value / perSecond : 0;
}

/** The words of a command without their quotes; null: one does not end. Each byte that is not printed is \xNN there, and one character here. */
function wordsOf(text: string): string[] | null {
  const words: string[] = [];
  WORD.lastIndex = 0;
  while (WORD.lastIndex < text.length && words.length < MOST_WORDS) {
    const match = WORD.exec(text);
    if (match === null) return null;
    words.push(match[1].includes("\\") ? match[1].replace(/\\(x[\da-fA-F]{2}|.)/g, unescaped) : match[1]);
  }
  return words.length === 0 ? null : words;
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", a: "\x07", b: "\b" };

function unescaped(_: string, what: string): string {
  if (what.length === 3) return String.fromCharCode(Number.parseInt(what.slice(1), 16));
  return ESCAPES[what] ?? what;
}
