/** The calendar of cron expressions. node-cron tells its next time from the real now only, so cron-parser does the sums. */
import { CronExpressionParser } from "cron-parser";

/**
 * The first instant strictly after `after` at which a cron expression is true, in the time zone of the process, as cron
 * itself does it. A time of day that the clocks skip in spring comes as much later as they skip.
 *
 * @param expression five or six fields (seconds first), or a name such as `@daily`
 * @throws RangeError when the expression is none or never comes true
 */
export function nextCronTime(expression: string, after: Date): Date {
  try {
    return CronExpressionParser.parse(expression, { currentDate: after }).next().toDate();
  } catch (error) {
    throw new RangeError((error as Error).message, { cause: error });
  }
}
