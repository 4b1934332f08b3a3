/** Traces as their publishers lay them down: known by their lines, each field with its unit, each fault with its line and column. */
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { loadTrace, OPERATION_NAMES, type Trace, type TraceOptions } from "#dist/workloads/index.js";
import { temporaryFolder } from "../temporary-folder.js";

const files = temporaryFolder();
const read = (name: string, lines: readonly string[], options: TraceOptions = {}) =>
  loadTrace(files.file(name, `${lines.join("\n")}\n`), options);

function rows(trace: Trace) {
  return Array.from({ length: trace.requests }, (_, i) => [
    trace.keyOf(trace.ids[i]),
    OPERATION_NAMES[trace.ops![i]],
    trace.sizes![i],
    trace.times![i],
  ]);
}

const MSR = [
  "128166372003061629,hm,1,Read,383496192,32768,413",
  "128166372016382155,hm,1,Write,2822144,4096,2493",
  "128166372026382245,hm,1,Read,383496192,32768,6147",
];
const ALIBABA = ["0,R,126703661056,4096,1577808000000046", "1,W,19496058880,77824,1577808000000426"];
const TENCENT = ["1538323200,12910952,128,0,1063", "1538323201,6338688,8,1,1627"];
const SPC = ["0,20941264,8192,W,0.551706", "1,3071,512,r,1.2,more,fields"];
const IBM = [
  "1219008 REST.PUT.OBJECT 8d4fcda3d675bac9 1056",
  "1221974 REST.HEAD.OBJECT 39d177fb735ac5df 528",
  "1232488 REST.GET.OBJECT 8d4fcda3d675bac9 1056 0 1055",
  "1232489 REST.GET.OBJECT 95d363d3fbdc0b03 0 0 -1",
  "1232490 REST.DELETE.OBJECT 8d4fcda3d675bac9",
];

describe("block traces", () => {
  it("of Microsoft Research Cambridge have Windows' file times, hosts, disks and bytes", async () => {
    const trace = await read("hm_1.csv", MSR);
    expect(trace.format).toBe("msr");
    expect(rows(trace)).toEqual([
      ["hm:1:383496192", "get", 32768, expect.closeTo(1172163600.306162, 5)],
      ["hm:1:2822144", "set", 4096, expect.closeTo(1172163601.638215, 5)],
      ["hm:1:383496192", "get", 32768, expect.closeTo(1172163602.638224, 5)],
    ]);
    expect(new Date(trace.times![0] * 1000).toISOString()).toMatch(/^2007-02-22T17:00:00/);
    const header = "Timestamp,Hostname,DiskNumber,Type,Offset,Size,ResponseTime";
    expect(rows(await read("hm_1.txt", [header, ...MSR]))).toEqual(rows(trace));
  });

  it("of Alibaba have disks, bytes and microseconds; with their header, or compressed and without", async () => {
    const expected = [
      ["0:126703661056", "get", 4096, 1577808000.000046],
      ["1:19496058880", "set", 77824, 1577808000.000426],
    ];
    const header = "device_id,opcode,offset,length,timestamp";
    const trace = await read("io_traces.csv", [header, ...ALIBABA]);
    expect([trace.format, rows(trace)]).toEqual(["alibaba", expected]);
    const packed = await loadTrace(files.file("io_traces.csv.gz", gzipSync(ALIBABA.join("\n"))));
    expect([packed.format, rows(packed)]).toEqual(["alibaba", expected]);
  });

  it("of Tencent have sectors and seconds, 1 for writes", async () => {
    const trace = await read("2018-10-01-01", TENCENT);
    expect(trace.format).toBe("tencent");
    expect(rows(trace)).toEqual([
      ["1063:12910952", "get", 65536, 1538323200],
      ["1627:6338688", "set", 4096, 1538323201],
    ]);
  });

  it("of the Storage Performance Council have units, blocks, bytes and seconds, and what is added behind is left", async () => {
    const trace = await read("Financial1.spc", SPC);
    expect(trace.format).toBe("spc");
    expect(rows(trace)).toEqual([
      ["0:20941264", "set", 8192, 0.551706],
      ["1:3071", "get", 512, 1.2],
    ]);
  });

  it("keep offsets apart that are beyond what a number holds", async () => {
    const trace = await read("far.csv", [
      "0,R,18446744073709551614,1,1577808000000046",
      "0,R,18446744073709551615,1,1577808000000046",
    ]);
    expect(trace.distinct).toBe(2);
  });
});

describe("IBM's object store", () => {
  it("has milliseconds, objects and their sizes; a look at the head of one neither hits nor misses", async () => {
    const trace = await read("IBMObjectStoreTrace000Part0", IBM);
    expect(trace.format).toBe("ibm-cos");
    expect(rows(trace)).toEqual([
      ["8d4fcda3d675bac9", "set", 1056, 1219.008],
      ["39d177fb735ac5df", "other", 528, 1221.974],
      ["8d4fcda3d675bac9", "get", 1056, 1232.488],
      ["95d363d3fbdc0b03", "get", 0, 1232.489],
      ["8d4fcda3d675bac9", "delete", 1056, 1232.49],
    ]);
  });
});

describe("Wikimedia's caching data", () => {
  it("is read by its header, of images and of pages", async () => {
    const images = await read("cache-u-00", [
      "relative_unix\thashed_path_query\timage_type\tresponse_size\ttime_firstbyte",
      "0\t833946053\tjpeg\t9665\t1.85E-4",
      "12\t-1679404160\tpng\t17635\t2.09E-4",
    ]);
    expect([...images.ids].map((id) => images.keyOf(id))).toEqual(["833946053", "-1679404160"]);
    expect([[...images.sizes!], [...images.times!]]).toEqual([
      [9665, 17635],
      [0, 12],
    ]);
    const pages = await read("cache-t-01.gz.txt", [
      "relative_unix\thashed_host_path_query\tresponse_size\ttime_firstbyte",
      "0\t19\t9665\t1.85E-4",
      "12\t20\t17635\t2.09E-4",
    ]);
    expect([pages.format, pages.distinct, pages.sizes![1]]).toEqual(["csv", 2, 17635]);
  });
});

describe("what is otherwise", () => {
  it.each([
    ["msr", MSR, "128166372003061629,hm,1,read,1,1,1", /column 4 is "read"; expected Read or Write/],
    ["msr", MSR, "1281663720030616,hm,1,Read,1,1,1", /column 1 is .*; expected a Windows file time/],
    ["msr", MSR, "128166372003061629,hm,1,Read,-1,1,1", /column 5 is "-1"; expected an offset in bytes/],
    ["msr", MSR, "128166372003061629,hm,1,Read,1,1e3,1", /column 6 is "1e3"; expected a size in bytes/],
    ["msr", MSR, "128166372003061629,hm,1,Read,1,1", /expected 7 fields between commas/],
    ["alibaba", ALIBABA, "0,X,1,4096,1577808000000046", /column 2 is "X"; expected R or W/],
    ["alibaba", ALIBABA, "0,R,1,4096,1577808000", /column 5 is .*; expected microseconds since 1970/],
    ["tencent", TENCENT, "1538323200,1,8,2,1063", /column 4 is "2"; expected 0 \(read\) or 1 \(write\)/],
    ["tencent", TENCENT, "1538323200,1,9007199254740991,1,1063", /column 3 is .*; expected a size in sectors/],
    ["spc", SPC, "0,1,8192,w", /expected at least 5 fields between commas/],
    ["ibm-cos", IBM, "1 REST.GET.BUCKET abc 1", /column 2 is "REST.GET.BUCKET"; expected one of REST.GET.OBJECT/],
    ["ibm-cos", IBM, "1 REST.GET.OBJECT abc 1 0", /expected time, request, object/],
    ["ibm-cos", IBM, "1 REST.GET.OBJECT xyz", /column 3 is "xyz"; expected an object's id/],
  ])("is refused with its line and column: %s", async (format, lines, wrong, says) => {
    const name = `wrong-${format}`;
    const failure = read(name, [...lines, wrong], { format });
    await expect(failure).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(failure).rejects.toThrow(`${files.folder}/${name}:${lines.length + 1}: `);
    await expect(failure).rejects.toThrow(says);
  });

  it("is columns of anybody's, if somebody says so", async () => {
    const trace = await read("own.csv", ALIBABA, { columns: "id=3,time=5" });
    expect([trace.format, trace.keyOf(0)]).toEqual(["csv", "126703661056"]);
  });
});
