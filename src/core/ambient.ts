/**
 * Names that the declarations of this package use and that a user's compiler may not know: without them a program that checks its
 * libraries (skipLibCheck: false) would not compile. index.ts imports this file, so that the declarations do.
 */
declare global {
  /** The integer types of AssemblyScript, so that layout.ts reads the same to both compilers. */
  type u32 = number;
  type i32 = number;

  /** Only the DOM's types have them all; these merge with the DOM's where a program has it. What we use of them: webassembly.d.ts. */
  namespace WebAssembly {
    interface Module {}
    interface Instance {}
    interface Memory {}
  }
}

export {};
