/**
 * A LangGraph agent on two worker threads that share its memory: a conversation begun on one thread is continued on the other, and what one
 * has learnt about a person the other knows. The model is a stand-in: it says what it was told and what it remembers.
 */
import { on, once } from "node:events";
import { isMainThread, parentPort, workerData } from "node:worker_threads";
import { Annotation, END, START, StateGraph } from "@langchain/langgraph";
import { Store } from "engram";
import { EngramSaver, EngramStore } from "engram/langgraph";

if (isMainThread) await main();
else await answer();

async function main() {
  const store = await Store.create({ capacity: "16MiB", eviction: "none" });
  const agents = ["one", "two"].map((name) => store.spawn(new URL(import.meta.url), { workerData: { name } }));
  const questions = ["I am Ada", "what do you know of me?", "I like lace", "what do you know of me?"];
  for (const [turn, text] of questions.entries()) {
    const agent = agents[turn % 2]; // each turn on the other thread
    agent.postMessage(text);
    const [said] = await once(agent, "message");
    console.log(said);
  }
  const exits = agents.map((agent) => once(agent, "exit"));
  for (const agent of agents) agent.postMessage(null);
  await Promise.all(exits);
  await store.close();
}

async function answer() {
  const shared = await Store.attach(workerData.store);
  const state = Annotation.Root({
    messages: Annotation({ reducer: (all, more) => all.concat(more), default: () => [] }),
  });
  const graph = new StateGraph(state)
    .addNode("remember", async ({ messages }, { store }) => {
      const fact = /^I (am|like) (.*)/.exec(messages.at(-1));
      if (fact !== null) await store.put(["person", "facts"], fact[1], { text: fact[2] });
      return {};
    })
    .addNode("model", async ({ messages }, { store }) => {
      const facts = (await store.search(["person"])).map(({ value }) => value.text);
      return { messages: [`${workerData.name}: turn ${(messages.length + 1) / 2}, I know ${facts.join(" and ")}`] };
    })
    .addEdge(START, "remember")
    .addEdge("remember", "model")
    .addEdge("model", END)
    .compile({ checkpointer: new EngramSaver(shared), store: new EngramStore(shared) });
  for await (const [text] of on(parentPort, "message")) {
    if (text === null) break;
    const { messages } = await graph.invoke({ messages: [text] }, { configurable: { thread_id: "ada" } });
    parentPort.postMessage(messages.at(-1));
  }
  await shared.close();
}
