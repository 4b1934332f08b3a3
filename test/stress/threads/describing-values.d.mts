export function makeValue(key: string, writer: number, number: number, bodyLength: number): Buffer;
export function readValue(key: string, bytes: Uint8Array): { writer: number; number: number };
