/** Tests that need something a machine may lack say so aloud; in CI (`MAINSTEM_TEST_NOTHING_SKIPPED`) its absence fails them. */

/** For `skipIf`: true when `isThere` is false, said on the terminal with what would help. */
export function isSkippedWithout(what: string, isThere: boolean): boolean {
  if (isThere) return false;
  if (process.env.MAINSTEM_TEST_NOTHING_SKIPPED)
    throw new Error(`nothing may be skipped here, but there is no ${what}`);
  console.warn(`skipped: there is no ${what}`);
  return true;
}
