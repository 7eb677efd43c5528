import { POSTGRES_1 } from "./postgres-1.ts";

/** The steps from an empty PostgreSQL schema to the current one. A step that was released is never edited. */
export const POSTGRES_MIGRATIONS: readonly string[] = [POSTGRES_1];
