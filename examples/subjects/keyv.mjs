/**
 * Keyv under the lab's scenarios: what answers with promises is `asynchronous`, and each operation is awaited before the next begins.
 *
 *   npx engram run session --subject examples/subjects/keyv.mjs
 */
import { byKey, defineSubject } from "engram/lab";
import Keyv from "keyv";

export default defineSubject({
  name: "keyv",
  summary: "keyv over a Map in each worker, values as they are: what its promises cost",
  package: "keyv",
  asynchronous: true,
  expires: true,
  cannot: ["increment"],
  open: () => ({ notes: ["not shared: each worker has a keyv of its own, without bound"] }),
  async attach(_attachment, context) {
    // Without a serializer values stay the bytes they are.
    const keyv = new Keyv({ serialize: undefined, deserialize: undefined });
    return byKey(context, {
      get: (key) => keyv.get(key),
      set: (key, value, ttlMs) => keyv.set(key, value, ttlMs === 0 ? undefined : ttlMs),
      delete: (key) => keyv.delete(key),
      close: () => keyv.disconnect(),
    });
  },
});
