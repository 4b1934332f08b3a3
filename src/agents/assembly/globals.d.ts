/** Build-time constants, set by `asc --use`: the explorer's build, and the fault planted in it (0 = none). */
declare const EXPLORE: i32;
declare const FAULT: i32;
