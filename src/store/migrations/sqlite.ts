import { SQLITE_1 } from "./sqlite-1.ts";
import { SQLITE_2 } from "./sqlite-2.ts";
import { SQLITE_3 } from "./sqlite-3.ts";
import { SQLITE_4 } from "./sqlite-4.ts";
import { SQLITE_5 } from "./sqlite-5.ts";
import { SQLITE_6 } from "./sqlite-6.ts";
import { SQLITE_7 } from "./sqlite-7.ts";
import { SQLITE_8 } from "./sqlite-8.ts";
import { SQLITE_9 } from "./sqlite-9.ts";
import { SQLITE_10 } from "./sqlite-10.ts";
import { SQLITE_11 } from "./sqlite-11.ts";
import { SQLITE_12 } from "./sqlite-12.ts";
import { SQLITE_13 } from "./sqlite-13.ts";
import { SQLITE_14 } from "./sqlite-14.ts";

/**
 * The steps from an empty SQLite file to the current schema; step n leads to `PRAGMA user_version` n. A step that was
 * released is never edited: a change is a new step at the end.
 */
export const SQLITE_MIGRATIONS: readonly string[] = [
  SQLITE_1,
  SQLITE_2,
  SQLITE_3,
  SQLITE_4,
  SQLITE_5,
  SQLITE_6,
  SQLITE_7,
  SQLITE_8,
  SQLITE_9,
  SQLITE_10,
  SQLITE_11,
  SQLITE_12,
  SQLITE_13,
  SQLITE_14,
];
