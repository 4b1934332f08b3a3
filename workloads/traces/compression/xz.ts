/** xz, any number of streams, by xz-decompress: liblzma's little sibling (XZ Embedded) in WebAssembly. One file at a time: another one waits. */
import { InvalidArgumentError } from "../../../src/errors.js";

/** XZ Embedded's return codes, as far as a file can bring them about. */
const REASONS: Readonly<Record<string, string>> = {
  "3": "its dictionary does not fit into memory",
  "4": "its dictionary does not fit into memory",
  "5": "no xz stream begins here",
  "6": "a filter or a check that is not known, such as SHA-256",
  "7": "the data is corrupt",
  "8": "the file ends within a stream, or something else follows it",
};

/** @throws InvalidArgumentError: damaged, cut off, or in a variant of xz that is not read */
export async function* unxz(path: string, raw: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  const { default: xz } = await import("xz-decompress");
  let given = 0;
  const compressed = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const step = await raw.next();
      if (step.done) return controller.close();
      given += step.value.length;
      controller.enqueue(step.value);
    },
    async cancel() {
      await raw.return(undefined);
    },
  });
  const reader = new xz.XzReadableStream(compressed).getReader();
  try {
    for (;;) {
      const step = await reader.read();
      if (step.done) return;
      const { buffer, byteOffset, length } = step.value;
      if (length > 0) yield Buffer.from(buffer, byteOffset, length);
    }
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw error;
    const { message } = error as Error;
    const reason = REASONS[/error code (\d+)$/.exec(message)?.[1] ?? ""] ?? message;
    throw new InvalidArgumentError(
      `${path}: damaged xz data (${reason}) within the first ${given} compressed bytes; expected a whole xz file`,
      { cause: error },
    );
  } finally {
    // gives the decoder back, which the next file waits for
    await reader.cancel().catch(() => undefined);
    await raw.return(undefined);
  }
}
