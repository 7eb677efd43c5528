import { POSTGRES_1 } from "./postgres-1.ts";
import { POSTGRES_2 } from "./postgres-2.ts";
import { POSTGRES_3 } from "./postgres-3.ts";
import { POSTGRES_4 } from "./postgres-4.ts";

/** The steps from an empty PostgreSQL schema to the current one. A step that was released is never edited. */
export const POSTGRES_MIGRATIONS: readonly string[] = [POSTGRES_1, POSTGRES_2, POSTGRES_3, POSTGRES_4];
