/** The integer types of AssemblyScript, so that layout.ts reads the same to both compilers. */
declare type u32 = number;
declare type i32 = number;
