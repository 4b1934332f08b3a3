import type { Namespace } from "../../../../src/index.js";
import type { SharedData } from "../../../../src/resources/index.js";
import type { Contender } from "../contender.js";
import { figureAnswers, figuresOf } from "../judge.js";
import { closeVerified, openStore } from "../peers/engram.js";
import { makeTask, type Task } from "../peers/near.js";
import { keep } from "../sink.js";
import { measureInTurns } from "../turns.js";
import type { Group } from "./group.js";

const KEY = "limits";

/** What it costs to read configuration that every thread sees the present version of, beside what one thread has for itself. */
export const sharedData: Group = {
  title: "shared data and configuration, one value of 250 bytes",
  async measure({ settings, onRound }) {
    const store = await openStore();
    const task = makeTask(7);
    const shared = store.shared("limits", { initial: task });
    const near = store.namespace<Task>("near", { encoding: "msgpack", near: 1 });
    near.set(KEY, task);
    const contenders = [
      property({ value: makeTask(7) }),
      mapEntry(new Map([[KEY, makeTask(7)]])),
      sharedValue(shared),
      sharedClone(shared),
      nearValue(near),
      sharedUpdate(shared),
    ];
    const rounds = await measureInTurns(contenders, settings, onRound);
    await closeVerified(store);
    const figures = figuresOf(contenders, rounds, { reference: "map-entry", floor: "property" });
    const figure = (id: string) => figures.find((one) => one.id === id) as (typeof figures)[number];
    return {
      reference: "Map.get of an object",
      figures,
      judgements: [],
      answers: [
        ...figureAnswers(
          figure("shared-value"),
          settings.rounds,
          ["p-cow-read"],
          "store.shared(…).value: the present version, decoded; a call into the engine asks whether it is that",
        ),
        ...figureAnswers(
          figure("shared-clone"),
          settings.rounds,
          ["p-clone"],
          "a reference to the present version taken and kept: JavaScript counts none, so a clone is that",
        ),
      ],
      notes: [
        "A read asks the engine whether the version it has is the present one, whichever thread wrote; an update encodes, replaces and decodes the value.",
      ],
    };
  },
};

function property(holder: { value: Task }): Contender {
  return reads("property", "a property of an object", (operations) => {
    let sum = 0;
    for (let i = 0; i < operations; i++) sum += holder.value.id;
    return sum;
  });
}

function mapEntry(map: Map<string, Task>): Contender {
  return reads("map-entry", "Map.get of an object", (operations) => {
    let sum = 0;
    for (let i = 0; i < operations; i++) sum += (map.get(KEY) as Task).id;
    return sum;
  });
}

function sharedValue(shared: SharedData<Task>): Contender {
  return reads("shared-value", "engram shared data, value", (operations) => {
    let sum = 0;
    for (let i = 0; i < operations; i++) sum += shared.value.id;
    return sum;
  });
}

function sharedClone(shared: SharedData<Task>): Contender {
  const kept: Task[] = new Array(256).fill(shared.value);
  return reads("shared-clone", "engram shared data, value kept elsewhere", (operations) => {
    for (let i = 0; i < operations; i++) kept[i & 255] = shared.value;
    return kept[0].id;
  });
}

function nearValue(near: Namespace<Task>): Contender {
  return reads("near-value", "engram get, kept near", (operations) => {
    let sum = 0;
    for (let i = 0; i < operations; i++) sum += (near.get(KEY) as Task).id;
    return sum;
  });
}

function sharedUpdate(shared: SharedData<Task>): Contender {
  return {
    id: "shared-update",
    label: "engram shared data, update",
    run(operations) {
      for (let i = 0; i < operations; i++) shared.update((value) => ({ ...value, done: !value.done }));
      keep(shared.version);
    },
  };
}

function reads(id: string, label: string, loop: (operations: number) => number): Contender {
  return { id, label, returns: "a reference", run: (operations) => keep(loop(operations)) };
}
